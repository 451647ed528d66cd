/** Where ufw or firewalld is at work, it gets the rules, and what others have put into it stays. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SETUP_PROGRAMS } from "../../../cli/remote/setup/programs.ts";
import { Bare, results } from "../../hosts/bare.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { eventually } from "../../shell/pod_folder.ts";

const why = await whyNoHosts();
if (why) console.warn(`No firewalls are set up: ${why}`);

const FEW = ["--skip-podman", "--skip-systemd"];

const PACKAGES = `rm -rf /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/opt/packages ./' >/etc/apt/sources.list
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install "$1"`;

/** Starts each, with something of its own in it, and prints what it has. */
const FIREWALLS = {
  ufw: {
    start: "ufw allow 22/tcp && ufw allow 9999/udp && ufw --force enable",
    rules: "ufw show added",
    own: /^ufw allow 9999\/udp$/m,
  },
  firewalld: {
    start: "systemctl start firewalld && firewall-cmd -q --permanent --add-port=9999/udp && " +
      "firewall-cmd -q --reload",
    rules: "firewall-cmd --list-all; firewall-cmd --list-all --zone=simplenetes 2>&1 || :",
    own: /^ {2}ports: 9999\/udp$/m,
  },
} as const;

Deno.test({
  name: "bare hosts: ufw and firewalld",
  ignore: why !== undefined,
  fn: async () => {
    await using bare = await Bare.create({ ufw: ["front"], firewalld: ["front"] });
    const { lab } = bare;
    const work = Object.entries(FIREWALLS).map(async ([name, { start, rules, own }]) => {
      const host = lab.host(name);
      /** Whether the operator gets through to some ports, where something listens. */
      const open = async () => {
        const script = 'timeout 3 bash -c ": </dev/tcp/$0/$1" 2>/dev/null';
        const ports = ["8080", "8081"].map(async (port) => {
          const words = ["bash", "-c", script, lab.address(name), port];
          return (await lab.try(bare.operator, words)).code === 0;
        });
        return await Promise.all(ports);
      };

      await host.run(PACKAGES, name);
      await host.run(start);
      await host.run("systemd-socket-activate -a -l 8080 -l 8081 true >/dev/null 2>&1 &");
      await bare.setEnv(name, { EXPOSE: "8080" });
      await bare.steps(0, "superuser", name, "-k", lab.key);
      const install = ["install", name, ...FEW];
      strictEqual(results(await bare.steps(2, ...install, "--dry-run")).firewall, "would change");
      strictEqual(results(await bare.steps(0, ...install)).firewall, "changed");
      await bare.isDone(...install);
      deepStrictEqual(await open(), [true, false]);
      match(await host.run(rules), own);
      strictEqual(await host.run("nft list table inet simplenetes 2>/dev/null || :"), "");

      await bare.setEnv(name, { EXPOSE: "8081", INTERNAL: "10.0.0.0/8 fd00::/8" });
      strictEqual(results(await bare.steps(0, ...install)).firewall, "changed");
      deepStrictEqual(await open(), [false, true]);
      match(await host.run(rules), own);

      // Nobody confirms these, which have no port for SSH.
      const before = await host.run(rules);
      await host.run(SETUP_PROGRAMS.firewall, "do", "20", "8080", "10.1.0.0/16", "");
      ok(await host.run(rules) !== before);
      await eventually(
        "taken back",
        () => host.is("test -f /run/simplenetes-setup/firewall.undone"),
        90_000,
      );
      strictEqual(await host.run(rules), before);
      await bare.isDone(...install);
      await host.reboot();
      await bare.isDone(...install);
    });
    const failures = (await Promise.allSettled(work)).filter(({ status }) => status === "rejected");
    deepStrictEqual(failures, []);
  },
});
