/** A bare machine becomes a host that runs pods, from the packages to the daemon, and stays one. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../../proxy/conf/mod.ts";
import { Bare, results } from "../../hosts/bare.ts";
import { FIT_IN } from "../../hosts/cluster.ts";
import { must } from "../../hosts/command.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { eventually } from "../../shell/pod_folder.ts";
import { inOrder } from "../../steps.ts";

const why = await whyNoHosts();
if (why) console.warn(`No bare hosts are installed: ${why}`);

const ROOT = new URL("../../../", import.meta.url).pathname;
const TARGET = `linux-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;

/** Its packages come from the lab, as there is nothing else that it reaches. */
const MIRROR = `rm -rf /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/opt/packages ./' >/etc/apt/sources.list
rm /usr/local/bin/podc /usr/local/bin/simplenetesd /usr/local/bin/simplenetes-proxy`;

const POD = `api: 1.0.0
podVersion: 1.0.0
runtime: executable
executable:
  command: [sleep, "98765"]
`;

/** A file that installs a daemon which tells its version, and does not start. */
const BROKEN = `#!/bin/sh
# Simplenetes 9.9.9 for ${TARGET}, in one file
deno_sum=${"0".repeat(64)} apps_sum=${"1".repeat(64)}
deno_sum=${"0".repeat(64)}
apps_sum=${"1".repeat(64)}
cat >"$2/bin/simplenetesd" <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo simplenetesd 9.9.9; exit; }
echo "it is broken" >&2
exit 1
END
`;

Deno.test({
  name: "a bare host: install",
  ignore: why !== undefined,
  fn: async (t) => {
    await using bare = await Bare.create({ web: ["front"] });
    const { lab } = bare;
    const web = lab.host("web");
    const dist = join(bare.operator.dir, "dist");
    const build = ["run", "-q", "-A", "scripts/build.ts", "--fast", "--no-compile"];
    await must(
      [
        "env",
        "-C",
        ROOT,
        `DENO_DIR=${Deno.env.get("DENO_DIR")}`,
        Deno.execPath(),
        ...build,
        `--out=${dist}`,
      ],
      240,
    );
    const program = `--program=${join(dist, `simplenetes-${VERSION}-${TARGET}`)}`;
    const install = ["install", "web", program];
    const sleeper = () => web.run("pgrep -u sns -fx 'sleep 98765'");

    const step = inOrder(t);

    await step("everything is changed, once", async () => {
      await web.run(MIRROR);
      await bare.steps(0, "superuser", "web", "-k", lab.key);
      const planned = await bare.steps(2, ...install, "--dry-run");
      deepStrictEqual(
        planned.filter(({ result }) => result !== "would change").map(({ step }) => step),
        ["superkeys", "tun"].filter((step) =>
          planned.some((each) => each.step === step && each.result === "ok")
        ),
      );
      const done = results(await bare.steps(0, ...install));
      const parts = ["packages", "linger", "program", "order", "service"];
      for (const step of ["key", "user", "keys", ...parts]) {
        strictEqual(done[step], "changed", step);
      }
      await bare.isDone(...install);
      match(await web.run("cat /etc/subuid"), /^sns:\d+:65536$/m);
      strictEqual(await web.run("systemctl is-active simplenetesd"), "active");
      strictEqual(
        await web.run("ls -d /usr/local/lib/simplenetes/.[a-z]* 2>/dev/null || :"),
        "/usr/local/lib/simplenetes/.lock",
      );
    });

    await step("the unit is sound, and as closed as its work allows", async () => {
      strictEqual(await web.run("systemd-analyze verify simplenetesd.service 2>&1"), "");
      const said = await web.run(
        "systemd-analyze security --no-pager simplenetesd.service | tail -n 1",
      );
      // Pods share what it has, setuid helpers of podman and mounts included.
      const [, score] = /exposure level .*: ([0-9.]+) /.exec(said) ?? [];
      ok(Number(score) <= 9, said);
    });

    await step("podman runs a container for the account", async () => {
      await web.run(FIT_IN, "sns");
      await Deno.copyFile("/bin/busybox", web.home("busybox"));
      const run =
        `cd /tmp; mkdir tree; cp /home/busybox tree/; tar -C tree -cf - . | podman import -q - localhost/box
      podman run --rm --user 1000 --network slirp4netns localhost/box /busybox id -u`;
      strictEqual((await web.as("sns", run)).split("\n").at(-1), "1000");
    });

    await step("a pod goes on when the daemon is started anew", async () => {
      await bare.sns("host", "init", "web");
      await web.as(
        "sns",
        `mkdir -p web/pods/web/release/1.0.0; cd web/pods/web/release/1.0.0
        printf %s "$1" >.pod.yaml; podc web -f .pod.yaml -o pod; echo running >pod.state`,
        POD,
      );
      await eventually("the pod", () => web.is("pgrep -u sns -fx 'sleep 98765'"), 60_000);
      const pid = await sleeper();
      await web.run("echo '# by hand' >>/etc/systemd/system/simplenetesd.service");
      strictEqual(results(await bare.steps(0, ...install)).service, "changed");
      strictEqual(await sleeper(), pid);
    });

    await step("a daemon that does not start makes room for the one before", async () => {
      const pid = await sleeper();
      const broken = join(bare.operator.dir, "broken");
      await Deno.writeTextFile(broken, BROKEN);
      const { code, err } = await bare.try(
        "host",
        "setup",
        "install",
        "web",
        `--program=${broken}`,
      );
      strictEqual(code, 1);
      match(
        err,
        /simplenetesd did not start, the program that was there before is back and runs.*it is broken/s,
      );
      strictEqual(await web.run("systemctl is-active simplenetesd"), "active");
      strictEqual(await web.run("simplenetesd --version"), `Simplenetesd ${VERSION}`);
      strictEqual(await sleeper(), pid);
      await bare.isDone(...install);
    });

    await step("keys that would shut sns out are taken back by the host", async () => {
      const key = join(bare.operator.dir, "other");
      await lab.must(bare.operator, ["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", key]);
      await Deno.mkdir(bare.path("web/pubkeys.superuser"));
      await Deno.copyFile(`${key}.pub`, bare.path("web/pubkeys.superuser/other.pub"));
      const args = ["host", "setup", ...install, "--strict-super-user-keys", "--confirm=6"];
      const { code, err } = await bare.try(...args);
      strictEqual(code, 1);
      match(err, /with the new superkeys, so the host has taken the change back/);
      strictEqual(results(await bare.steps(0, ...install)).superkeys, "changed");
      const keys = await web.run("cat /home/snssuper/.ssh/authorized_keys");
      strictEqual(keys.split("\n").length, 2);
      ok(keys.includes((await Deno.readTextFile(`${key}.pub`)).trim()));
    });

    await step("after a reboot all is there", async () => {
      await web.reboot();
      await eventually("the pod", () => web.is("pgrep -u sns -fx 'sleep 98765'"), 60_000);
      await bare.isDone(...install);
    });
  },
});
