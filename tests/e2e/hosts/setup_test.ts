/** Bare machines become hosts by the documented commands, and nobody is shut out on the way. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Lab } from "../../hosts/lab.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import type { Ran } from "../../shell/pod_folder.ts";

const why = await whyNoHosts();
if (why) console.warn(`No bare hosts are set up: ${why}`);

interface Step {
  readonly host: string;
  readonly result: string;
  readonly step: string;
}

const OLD_SSHD = "/etc/ssh/sshd_config.d/50-cloud.conf";

/** A project on an operator's machine with bare hosts of a lab. */
class Bare implements AsyncDisposable {
  private constructor(readonly lab: Lab) {}

  static async create(...names: string[]): Promise<Bare> {
    const hosts = Object.fromEntries(names.map((name) => [name, { disk: "bare" as const }]));
    const bare = new Bare(await Lab.create(hosts));
    try {
      await bare.lab.must(bare.operator, ["sns", "cluster", "create", "demo"]);
      for (const name of names) await bare.#register(name);
      return bare;
    } catch (error) {
      await bare[Symbol.asyncDispose]();
      throw error;
    }
  }

  get operator() {
    return this.lab.operators[0]!;
  }

  get project(): string {
    return join(this.operator.dir, "demo");
  }

  path(...parts: string[]): string {
    return join(this.project, ...parts);
  }

  async #register(name: string): Promise<void> {
    const keys = await this.lab.host(name).run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    const fingerprint = `--fingerprint=${keys.split(" ")[1]}`;
    await this.sns("host", "register", name, "-a", this.lab.address(name), fingerprint);
    const file = this.path(name, "host.env");
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace(/^FLAGS=.*$/m, "FLAGS=-oConnectTimeout=5"));
  }

  try(...args: string[]): Promise<Ran> {
    return this.lab.try(this.operator, ["sns", ...args], this.project);
  }

  async sns(...args: string[]): Promise<string> {
    return await this.lab.must(this.operator, ["sns", ...args], this.project);
  }

  /** The steps of a setup command that has to end with `code`. */
  async steps(code: number, ...args: string[]): Promise<readonly Step[]> {
    const ran = await this.try("host", "setup", ...args, "--json");
    strictEqual(ran.code, code, `sns host setup ${args.join(" ")}: ${ran.out}${ran.err}`);
    return JSON.parse(ran.out);
  }

  /** Runs a setup that finds nothing to do any more, and one that would look only. */
  async isDone(...args: string[]): Promise<void> {
    for (const more of [[], ["--dry-run"]]) {
      const odd = (await this.steps(0, ...args, ...more)).filter(({ result }) => result !== "ok");
      deepStrictEqual(odd, [], args.join(" "));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

const results = (steps: readonly Step[]) =>
  Object.fromEntries(steps.map(({ step, result }) => [step, result]));

Deno.test({
  name: "bare hosts: superuser and disableroot",
  ignore: why !== undefined,
  fn: async (t) => {
    await using bare = await Bare.create("keyed", "pass");
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
