/** Shells on hosts: the real programs on terminals of their own. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { commandLine } from "../podc/mod.ts";
import { TestProject } from "./testing/project.ts";
import { hasSshd, makeKey, Sshd } from "./testing/sshd.ts";

const main = new URL("main.ts", import.meta.url).pathname;

/** Runs sns as a program of its own, with `stdin`; on a terminal of 33 rows when `terminal`. */
async function sns(project: TestProject, args: readonly string[], stdin = "", terminal = false) {
  const program = [Deno.execPath(), "run", "-A", main, ...args];
  // `script` gives the command a terminal, and passes its exit code on.
  const onTerminal = `stty rows 33 cols 111; exec ${commandLine(program)}`;
  const argv = terminal ? ["script", "-qec", onTerminal, "/dev/null"] : program;
  const child = start(project, argv);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  if (!terminal) await writer.close();
  const { code, stdout, stderr } = await child.output();
  if (terminal) await writer.close().catch(() => {});
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function start(project: TestProject, [program, ...args]: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(program!, {
    args,
    cwd: project.root,
    env: { USER: "tester", SSH_AUTH_SOCK: "", TERM: "xterm" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs sns on a terminal and types `answer` once it has asked; all that the terminal showed. */
async function answered(project: TestProject, args: readonly string[], answer: string) {
  const program = commandLine([Deno.execPath(), "run", "-A", main, ...args]);
  const child = start(project, ["script", "-qec", program, "/dev/null"]);
  const writer = child.stdin.getWriter();
  let shown = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const asked = /: $/.test(shown);
    shown += text;
    if (!asked && /: $/.test(shown)) await writer.write(new TextEncoder().encode(`${answer}\n`));
  }
  await Promise.all([writer.close().catch(() => {}), child.stderr.cancel()]);
  return { code: (await child.status).code, shown };
}

async function withHost(project: TestProject, name: string, sshd: Sshd, ...more: string[]) {
  const address = `${sshd.address}:${sshd.port}`;
  await project.ok([
    ...["host", "register", name, "-a", address, "-u", sshd.user, "-k", sshd.key, "--yes", ...more],
  ]);
}

Deno.test({
  name: "host shell: arguments, stdin, exit codes and signals, over SSH and locally",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await TestProject.create(["near"]);
    await withHost(project, "far", sshd);
    await project.ok("host init far");
    const homes = { far: join(sshd.home, "far"), near: project.home("near") };
    for (const host of ["far", "near"] as const) {
      const odd = ["a b", "it's", '"', "$HOME `id` *", "new\nline", "", "-x", "\\"];
      const words = ["host", "shell", host, "--", "printf", "%s\\0", ...odd];
      const printed = await sns(project, words);
      deepStrictEqual(printed.stdout.split("\0").slice(0, -1), odd, printed.stderr);
      const text = await sns(project, ["host", "shell", host, "--", "pwd; cat; exit 7"], "data");
      deepStrictEqual([text.stdout, text.code], [`${homes[host]}\ndata`, 7], text.stderr);
      const killed = await sns(project, ["host", "shell", host, "--", "kill -9 $$"]);
      strictEqual(killed.code, 137, killed.stderr);
    }
  },
});

Deno.test({
  name: "host shell: a terminal there has the size of the one here",
  // Without root sshd can't hand out terminals.
  ignore: !hasSshd || Deno.uid() !== 0,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await TestProject.create([]);
    await withHost(project, "far", sshd);
    const { stdout, code } = await sns(
      project,
      ["host", "shell", "far", "-b"],
      `stty size; [ -t 0 ] && echo terminal-$0; exit 5\n`,
      true,
    );
    match(stdout, /33 111[\s\S]*terminal-bash/);
    strictEqual(code, 5);
  },
});

Deno.test({
  name: "host shell: through jump hosts, and never to a host that is not known",
  ignore: !hasSshd,
  fn: async () => {
    await using outer = await Sshd.start({ address: "127.0.0.11" });
    await using inner = await Sshd.start({ address: "127.0.0.12" });
    await using target = await Sshd.start({ address: "127.0.0.13" });
    await using project = await TestProject.create([]);
    await withHost(project, "outer", outer);
    await withHost(project, "inner", inner, "-j", "outer");
    await withHost(project, "far", target, "-j", "inner");
    const far = await sns(project, ["host", "shell", "far", "--", "echo $SSH_CONNECTION; exit 3"]);
    deepStrictEqual([far.code, far.stdout.split(" ")[2]], [3, "127.0.0.13"], far.stderr);
    await inner.changeHostKey();
    const changed = await sns(project, ["host", "shell", "far", "--", "true"]);
    strictEqual(changed.code, 255);
    match(changed.stderr, /HOST IDENTIFICATION HAS CHANGED/);
    await Deno.remove(project.path("known_hosts"));
    const unknown = await sns(project, ["host", "shell", "far", "--", "true"]);
    match(unknown.stderr, /the host key of "outer" is not known[\s\S]*sns host trust far/);
  },
});

Deno.test({
  name: "host shell: as the super user, who has another key",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await TestProject.create([]);
    await withHost(project, "far", sshd, "-S", "id_super", "-s", sshd.user);
    await makeKey(project.path("far/id_super"));
    const shell = ["host", "shell", "far", "-s", "--", "echo in"];
    match((await sns(project, shell)).stderr, /Permission denied/);
    await Deno.copyFile(project.path("far/id_super.pub"), sshd.authorizedKeys);
    strictEqual((await sns(project, shell)).stdout, "in\n");
    await Deno.remove(project.path("far/host-superuser.env"));
    match((await sns(project, shell)).stderr, /"far" has no host-superuser\.env/);
  },
});

Deno.test({
  name: "questions on the terminal: yes to a key, and a passphrase that nobody sees",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await sshd.admit("locked", "open sesame");
    await using project = await TestProject.create([]);
    const address = `${sshd.address}:${sshd.port}`;
    const key = join(sshd.dir, "locked");
    const words = ["host", "register", "far", "-a", address, "-u", sshd.user, "-k", key];
    const registered = await sns(project, words, "yes\n", true);
    strictEqual(registered.code, 0, registered.stdout);
    match(registered.stdout, /SHA256:[\s\S]*own key\? \(yes\/no\)[\s\S]*Recorded/);
    const init = await sns(project, ["host", "init", "far"], "wrong\nopen sesame\n", true);
    strictEqual(init.code, 0, init.stdout);
    match(init.stdout, /Passphrase of [\s\S]*That is not it\. Passphrase of [\s\S]*is ready/);
    const unseen = await answered(project, ["host", "init", "far"], "open sesame");
    strictEqual(unseen.code, 0, unseen.shown);
    ok(!unseen.shown.includes("sesame"), unseen.shown);
    const refused = await sns(project, ["host", "init", "far"], "\n", true);
    match(refused.stdout, /needs a passphrase, and nobody gave it/);
    strictEqual(refused.code, 1);
  },
});
