/** Bare machines become hosts in one go, also behind a jump host; a firewall that would cut them off is no more. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Bare, results } from "../../hosts/bare.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { inOrder } from "../../steps.ts";

const why = await whyNoHosts();
if (why) console.warn(`No bare hosts are set up in one go: ${why}`);

/** The jump host and the one behind it run no pods here: that takes long, and is tested by itself. */
const FEW = ["--skip-podman", "--skip-systemd"];

Deno.test({
  name: "bare hosts: all in one go, and a firewall",
  ignore: why !== undefined,
  fn: async (t) => {
    await using bare = await Bare.create({ door: ["front", "back"], inner: ["back"] });
    const { lab } = bare;
    const [door, inner] = [lab.host("door"), lab.host("inner")];
    const all = (name: string) => ["all", name, "-k", lab.key, ...FEW];
    /** Long enough for what is to be confirmed, short for what can't be. */
    const short = "--confirm=10";
    /** Whether the operator gets through to a port of the jump host. */
    const through = async (port: number) => {
      const script = 'timeout 3 bash -c ": </dev/tcp/$0/$1" 2>/dev/null';
      const words = ["bash", "-c", script, lab.address("door"), String(port)];
      return (await lab.try(bare.operator, words)).code === 0;
    };
    const step = inOrder(t);

    await step("a dry run changes nothing, the first run all, the second nothing", async () => {
      await bare.setEnv("door", { EXPOSE: "8080" });
      // The root of this disk has no password.
      const { root, ...planned } = results(await bare.steps(2, ...all("door"), "--dry-run"));
      strictEqual(root, "ok");
      deepStrictEqual([...new Set(Object.values(planned))], ["would change"]);
      ok(!await door.is("getent passwd sns snssuper || ls /etc/ssh/sshd_config.d/00*"));
      const done = results(await bare.steps(0, ...all("door")));
      deepStrictEqual(Object.keys(planned).filter((each) => done[each] !== "changed"), [
        "superkeys",
      ]);
      await bare.isDone(...all("door"));
      strictEqual((await bare.try("host", "shell", "door", "--", "cat", "cluster-id.txt")).code, 0);
    });

    await step("the firewall opens what host.env says, also after a reboot", async () => {
      await door.run(`cat >/etc/systemd/system/listen@.socket <<'END'
[Socket]
ListenStream=%i
Accept=yes
[Install]
WantedBy=sockets.target
END
      printf '[Service]\\nExecStart=true\\n' >/etc/systemd/system/listen@.service
      printf '[Service]\\nExecStart=true\\n' >/etc/systemd/system/listen@@.service
      systemctl enable -q --now listen@8080.socket listen@8081.socket`);
      const open = async () => [await through(8080), await through(8081)];
      deepStrictEqual(await open(), [true, false]);
      const said = JSON.parse((await bare.try("host", "doctor", "door", "--json")).out);
      const firewall = (said as { check: string; level: string }[])
        .filter(({ check }) => check === "firewall");
      deepStrictEqual(firewall.map(({ level }) => level), ["ok"], JSON.stringify(firewall));
      await door.reboot();
      deepStrictEqual(await open(), [true, false]);
      await bare.setEnv("door", { EXPOSE: "8081" });
      strictEqual(results(await bare.steps(0, ...all("door"))).firewall, "changed");
      deepStrictEqual(await open(), [false, true]);
      await door.run("nft flush ruleset");
      strictEqual(
        results(await bare.steps(2, ...all("door"), "--dry-run")).firewall,
        "would change",
      );
      await bare.steps(0, ...all("door"));
      deepStrictEqual(await open(), [false, true]);
    });

    await step("a firewall that would cut sns off is taken back by the host", async () => {
      const address = lab.address("inner", "back");
      await bare.register("inner", "-a", address, "-j", "door", "-i", "10.99.0.0/16");
      const { code, out, err } = await bare.try("host", "setup", ...all("inner"), short);
      strictEqual(code, 1, out + err);
      match(
        err,
        /Nobody could log in to \S+ with the new firewall, so the host has taken the change back/,
      );
      match(err, /the address of door has to be in INTERNAL of inner\/host\.env/);
      strictEqual(await inner.run("nft list ruleset"), "");
      ok(!await inner.is("ls /etc/simplenetes"));
      await bare.setEnv("inner", { INTERNAL: "10.77.0.0/24" });
      strictEqual(results(await bare.steps(0, ...all("inner"))).home, "changed");
      await bare.isDone(...all("inner"));
      // The next mistake finds the rules of before again.
      const rules = await inner.run("nft list ruleset");
      await bare.setEnv("inner", { INTERNAL: "10.99.0.0/16" });
      strictEqual((await bare.try("host", "setup", ...all("inner"), short)).code, 1);
      strictEqual(await inner.run("nft list ruleset"), rules);
    });
  },
});
