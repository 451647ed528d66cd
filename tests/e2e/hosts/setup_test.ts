/** Bare machines get an administrator and are closed to root, and nobody is shut out on the way. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Bare, results } from "../../hosts/bare.ts";
import { whyNoHosts } from "../../hosts/place.ts";

const why = await whyNoHosts();
if (why) console.warn(`No bare hosts are set up: ${why}`);

const OLD_SSHD = "/etc/ssh/sshd_config.d/50-cloud.conf";

Deno.test({
  name: "bare hosts: superuser and disableroot",
  ignore: why !== undefined,
  fn: async (t) => {
    await using bare = await Bare.create({ keyed: ["front"], pass: ["front"] });
    const { lab } = bare;
    const [keyed, pass] = [lab.host("keyed"), lab.host("pass")];

    await t.step("by root's key, looked at first", async () => {
      const args = ["superuser", "keyed", "-k", lab.key];
      const planned = await bare.steps(2, ...args, "--dry-run");
      deepStrictEqual([...new Set(Object.values(results(planned)))], ["would change"]);
      ok(!await keyed.is("getent passwd snssuper"));
      const done = await bare.steps(0, ...args);
      deepStrictEqual(results(done), {
        key: "changed",
        user: "changed",
        keys: "changed",
        sudo: "changed",
        env: "changed",
      });
      await bare.isDone("superuser", "keyed");
      const { mode } = await Deno.stat(bare.path("keyed/id_ed25519_super"));
      strictEqual(mode! & 0o777, 0o600);
      strictEqual(await keyed.run("stat -c %a /etc/sudoers.d/90-simplenetes-snssuper"), "440");
    });

    await t.step("by root's password, which nobody sees", async () => {
      await pass.run(
        `rm /root/.ssh/authorized_keys; printf 'root:s3 cret\\n' | chpasswd
        printf 'PermitRootLogin yes\\n' >"$1"; systemctl reload ssh`,
        OLD_SSHD,
      );
      const file = join(bare.operator.dir, "password");
      await Deno.writeTextFile(file, "wrong\n", { mode: 0o600 });
      const args = ["host", "setup", "superuser", "pass", "-s", "admin", "--root-password-file"];
      const wrong = await bare.try(...args, file);
      strictEqual(wrong.code, 1);
      match(wrong.err, /does not let root in.*\n.*is the password right/);
      await Deno.writeTextFile(file, "s3 cret\n");
      const { code, out, err } = await bare.try(...args, file);
      strictEqual(code, 0, out + err);
      match(out, /^pass {2}changed {7}user {6}made the account admin$/m);
      ok(!(out + err).includes("cret"));
    });

    await t.step("further keys come with the next run", async () => {
      const more = join(bare.operator.dir, "more");
      await lab.must(bare.operator, ["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", more]);
      await Deno.mkdir(bare.path("keyed/pubkeys.superuser"));
      await Deno.copyFile(`${more}.pub`, bare.path("keyed/pubkeys.superuser/more.pub"));
      strictEqual(results(await bare.steps(0, "superuser", "keyed")).keys, "changed");
      await bare.isDone("superuser", "keyed");
      strictEqual(await keyed.run("wc -l </home/snssuper/.ssh/authorized_keys"), "2");
    });

    await t.step(
      "root is shut out, and passwords are; a login shell with a banner is no harm",
      async () => {
        await keyed.run("echo 'echo Welcome; echo to stderr >&2' >/home/snssuper/.bashrc");
        await pass.run("echo 'Banner /etc/debian_version' >>/etc/ssh/sshd_config");
        const planned = await bare.steps(2, "disableroot", "pass", "--dry-run");
        deepStrictEqual(results(planned), { sshd: "would change", root: "would change" });
        for (const name of ["keyed", "pass"]) {
          strictEqual(results(await bare.steps(0, "disableroot", name)).sshd, "changed");
          await bare.isDone("disableroot", name);
          const said = await lab.host(name).run("sshd -T -C user=root,host=x,addr=198.51.100.9");
          match(said, /^permitrootlogin no$/m);
          match(said, /^passwordauthentication no$/m);
          match(await lab.host(name).run("passwd -S root"), /^root L /);
        }
        const again = await bare.try("host", "setup", "superuser", "keyed", "-k", lab.key);
        strictEqual(again.code, 0, again.err);
        ok(!await pass.is("ls /run/simplenetes-setup/*.undo"));
      },
    );

    await t.step("sshd at a port that the network drops: the host takes it back", async () => {
      await lab.cut("operator", "keyed", 2222);
      const before = await Deno.readTextFile(bare.path("keyed/host.env"));
      const move = ["host", "setup", "disableroot", "keyed", "--port=2222", "--confirm=6"];
      const { code, out, err } = await bare.try(...move);
      strictEqual(code, 1, out + err);
      match(err, /Nobody could log in to \S+:2222 .* the host has taken the change back/);
      strictEqual(await Deno.readTextFile(bare.path("keyed/host.env")), before);
      await bare.isDone("disableroot", "keyed");
      await lab.heal();
      strictEqual(await keyed.run("ss -Hltn sport = :2222"), "");
      // Where it is let through, it moves.
      strictEqual((await bare.try(...move)).code, 0);
      match(await Deno.readTextFile(bare.path("keyed/host-superuser.env")), /^PORT=2222$/m);
      await bare.isDone("disableroot", "keyed");
      strictEqual(await keyed.run("ss -Hltn sport = :22"), "");
    });

    await t.step("a sshd that was wrong before is left as it was, and works on", async () => {
      await pass.run('echo "PermitRootLogin no-such" >"$1"', OLD_SSHD);
      await pass.run("rm /etc/ssh/sshd_config.d/00-simplenetes.conf");
      const { code, err } = await bare.try("host", "setup", "disableroot", "pass");
      strictEqual(code, 1);
      match(err, /sshd refuses what was to be its configuration.*no-such/);
      ok(!await pass.is("ls /etc/ssh/sshd_config.d/00-simplenetes.conf"));
      await pass.run(
        'echo "Match User root\nPermitRootLogin yes" >/etc/ssh/sshd_config.d/00-a.conf; rm "$1"',
        OLD_SSHD,
      );
      const other = await bare.try("host", "setup", "disableroot", "pass");
      strictEqual(other.code, 1);
      match(other.err, /something else in .* wins: permitrootlogin is not no/);
    });
  },
});
