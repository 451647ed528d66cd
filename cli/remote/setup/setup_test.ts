/** The programs of `sns host setup` under the shells that hosts have, with the real tools. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SHELLS } from "../../testing/host_home.ts";
import { canHaveRootTree, RootTree } from "../../testing/root_tree.ts";
import { until } from "../../testing/until.ts";
import guard from "./guard.sh" with { type: "text" };
import prelude from "../prelude.sh" with { type: "text" };
import { AS_ROOT, SETUP_PROGRAMS } from "./programs.ts";
import steps from "./steps.sh" with { type: "text" };

const KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA a b",
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA c",
];

/** Results by step. */
function results(stdout: string): Record<string, string> {
  const lines = stdout.trim().split("\n").map((line) => line.split("\t"));
  return Object.fromEntries(lines.map(([result, step]) => [step, result]));
}

for (const shell of SHELLS) {
  const test = (name: string, fn: (tree: RootTree) => Promise<void>) =>
    Deno.test({
      name: `${shell[0]}: ${name}`,
      ignore: !canHaveRootTree,
      fn: async () => {
        await using tree = await RootTree.create(shell);
        await fn(tree);
      },
    });

  test("superuser looks, makes the account, and is content then", async (tree) => {
    const run = async (mode: string, keys: readonly string[]) => {
      const stdin = keys.map((key) => `${key}\n`).join("");
      const ran = await tree.run(SETUP_PROGRAMS.superuser, [mode, "sup"], stdin);
      strictEqual(ran.code, 0, ran.stderr);
      return results(ran.stdout);
    };
    const all = (result: string) => ({ user: result, keys: result, sudo: result });
    const { packages: _, ...planned } = await run("look", KEYS.slice(0, 1));
    deepStrictEqual(planned, all("would change"));
    if ((await tree.run("command -v sudo visudo")).code !== 0) {
      return console.log("sudo is not installed");
    }
    deepStrictEqual(await run("do", KEYS.slice(0, 1)), all("changed"));
    deepStrictEqual(await run("do", KEYS.slice(0, 1)), all("ok"));
    deepStrictEqual(await run("do", KEYS), { ...all("ok"), keys: "changed" });
    const keys = await tree.run(
      "cat /home/sup/.ssh/authorized_keys; stat -c '%a %U' /home/sup/.ssh",
    );
    deepStrictEqual(keys.stdout.split("\n"), [...KEYS, "700 sup", ""]);
    strictEqual((await tree.run("runuser -u sup -- sudo -n id -u")).stdout, "0\n");
  });

  test("root's password is locked once", async (tree) => {
    await tree.run("printf 'root:secret\\n' | chpasswd");
    const lock = async (mode: string) =>
      results((await tree.run(SETUP_PROGRAMS.lockRoot, [mode])).stdout).root;
    strictEqual(await lock("look"), "would change");
    strictEqual(await lock("do"), "changed");
    strictEqual(await lock("do"), "ok");
  });

  test("a change is taken back in time, unless it is confirmed", async (tree) => {
    const begin = prelude + steps + guard;
    const change = (name: string, seconds: number) =>
      tree.run(`${begin}guard_ready "$1"; guard "$1" "$2" "echo back >/run/$1"`, [
        ...["do", name],
        String(seconds),
      ]);
    const state = async (name: string) =>
      (await tree.run(SETUP_PROGRAMS.guarded, ["look", name])).stdout.trim();
    for (const name of ["a", "b"]) {
      const { code, stderr } = await change(name, name === "a" ? 1 : 2);
      strictEqual(code, 0, stderr);
    }
    strictEqual((await tree.run(SETUP_PROGRAMS.confirm, ["do", "b"])).code, 0);
    await until("it is taken back", async () => await state("a") === "undone");
    strictEqual((await tree.run("cat /run/a")).stdout, "back\n");
    const late = await tree.run(SETUP_PROGRAMS.confirm, ["do", "a"]);
    strictEqual(late.code, 1);
    match(late.stderr, /too late/);
    strictEqual(await state("b"), "confirmed");
    strictEqual((await tree.run("cat /run/b")).code, 1);
    strictEqual((await change("a", 60)).code, 0, "again after one that is over");
    match((await change("a", 60)).stderr, /still waits/);
    strictEqual((await tree.run(`${begin}take_back a`, ["do"])).code, 0);
  });

  test("sshd: its drop-in counts, and what is there already is told", async (tree) => {
    if ((await tree.run("[ -x /usr/sbin/sshd ] && [ -f /etc/ssh/sshd_config ]")).code !== 0) {
      return console.log("sshd is not installed");
    }
    await tree.run(
      "mkdir -p /run/sshd; ssh-keygen -A; sed -i 's/^Include/#&/' /etc/ssh/sshd_config",
    );
    const sshd = async (mode: string, port = "") => {
      const ran = await tree.run(SETUP_PROGRAMS.sshd, [mode, "60", port]);
      strictEqual(ran.code, 0, ran.stderr);
      return results(ran.stdout).sshd;
    };
    strictEqual(await sshd("look"), "would change");
    strictEqual(await sshd("do", "2222"), "pending");
    strictEqual((await tree.run(SETUP_PROGRAMS.confirm, ["do", "sshd"])).code, 0);
    strictEqual(await sshd("do"), "ok", "the port stays");
    const { stdout } = await tree.run("/usr/sbin/sshd -T -C user=root,host=x,addr=127.0.0.1");
    match(stdout, /^permitrootlogin no$/m);
    match(stdout, /^port 2222$/m);
    await tree.run("echo Nonsense yes >>/etc/ssh/sshd_config");
    const ran = await tree.run(SETUP_PROGRAMS.sshd, ["do", "60", "2223"]);
    strictEqual(ran.code, 1);
    match(ran.stderr, /sshd refuses .*Nonsense/);
    match((await tree.run("cat /etc/ssh/sshd_config.d/00*")).stdout, /^Port 2222$/m);
  });

  test("a program that is not root's becomes so by sudo, or says why not", async (tree) => {
    const as = (user: string) =>
      tree.run('user=$1; shift; exec runuser -u "$user" -- sh -c "$@"', [
        ...[user, AS_ROOT, "sns", 'id -u; cat; printf "%s\\n" "$@"', "a b", "'c"],
      ], "stdin\n");
    await tree.run("useradd -m plain");
    const refused = await as("plain");
    strictEqual(refused.code, 1);
    match(refused.stderr, /^plain may not become root without a password: /);
    if ((await tree.run("command -v sudo visudo")).code !== 0) return;
    strictEqual((await tree.run(SETUP_PROGRAMS.superuser, ["do", "sup"], KEYS[0])).code, 0);
    const { stdout, stderr } = await as("sup");
    strictEqual(stdout, "0\nstdin\na b\n'c\n", stderr);
    ok(!(await tree.run("ls /tmp/tmp.*/program 2>/dev/null")).stdout.includes("program"));
  });
}
