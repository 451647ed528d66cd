/** sns as a program of its own, on a terminal and without one: what it shows, and how it is interrupted. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { commandLine } from "../podc/mod.ts";
import { exists } from "./testing/exists.ts";
import { processesAt } from "./testing/processes.ts";
import { podYaml, TestProject } from "./testing/project.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";
import { until } from "./testing/until.ts";

const MAIN = new URL("main.ts", import.meta.url).pathname;

/** A tar that stands still while it unpacks on a host, once `held` is there; it tells by `<host>.holds`. */
const HOLDING_TAR = (base: string, onTerm: string) =>
  `#!/bin/sh
case $1 in -x*)
	if [ -e "${base}/held" ]; then
		${onTerm}
		echo $$ >"${base}/\${PWD##*/}.holds"
		sleep 1000 & wait
	fi ;;
esac
exec /usr/bin/env -i PATH=/usr/bin:/bin tar "$@"
`;

/** A project with the pod web on local hosts, whose tar can be held. */
async function withTar(hosts: readonly string[], onTerm: string): Promise<TestProject> {
  const project = await TestProject.create(hosts);
  await project.write({
    "_pods/web/pod.yaml": podYaml().replace(/volumes:\n.*\n.*\n/, ""),
    "cluster-vars.env": "web_greeting=hi\n",
  });
  for (const name of hosts) await project.ok(`host attach web@${name}`);
  await project.ok("pod compile web");
  await project.commit();
  await Deno.mkdir(`${project.base}/bin`);
  await Deno.mkdir(`${project.base}/tmp`);
  await Deno.writeTextFile(`${project.base}/bin/tar`, HOLDING_TAR(project.base, onTerm));
  await Deno.chmod(`${project.base}/bin/tar`, 0o755);
  return project;
}

/** Starts sns, on a terminal or not. */
function start(project: TestProject, args: readonly string[], terminal: boolean) {
  const program = [Deno.execPath(), "run", "-A", MAIN, ...args];
  const [command, ...words] = terminal
    ? ["script", "-qec", commandLine(program), "/dev/null"]
    : program;
  const child = new Deno.Command(command!, {
    args: words,
    cwd: project.root,
    env: {
      PATH: `${project.base}/bin:${Deno.env.get("PATH")}`,
      TMPDIR: `${project.base}/tmp`,
      USER: "tester",
      SSH_AUTH_SOCK: "",
      TERM: "xterm",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let shown = "";
  const read = async (from: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of from.pipeThrough(new TextDecoderStream())) shown += text;
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const writer = child.stdin.getWriter();
  return {
    shown: () => shown,
    interrupt: () => writer.write(new Uint8Array([3])),
    end: async () => {
      const { code } = await child.status;
      await Promise.all([reading, writer.close().catch(() => {})]);
      return code;
    },
  };
}

Deno.test("a terminal shows what goes on per host, all else gets plain lines", async () => {
  await using project = await withTar(["h1", "h2"], "");
  const terminal = start(project, ["cluster", "sync", "--parallel=2"], true);
  strictEqual(await terminal.end(), 0, terminal.shown());
  match(terminal.shown(), /h1 {2}looking …/);
  match(terminal.shown(), /h2 {2}delivering …/);
  ok(terminal.shown().includes("\x1b[J"));
  await project.commit("again");
  const plain = start(project, ["cluster", "sync"], false);
  strictEqual(await plain.end(), 0);
  ok(!plain.shown().includes("\x1b"), plain.shown());
  match(plain.shown(), /^\[INFO\] {2}h1: record the commits$/m);
});

Deno.test({
  name: "Ctrl-C on a terminal ends a sync: locks released, nothing left here or on the hosts",
  ignore: !hasSshd,
  fn: async () => {
    let sshd: Sshd | undefined;
    try {
      await using project = await withTar(["near"], "");
      const held =
        `PATH=${project.base}/bin:$PATH; export PATH; exec sh -c "$SSH_ORIGINAL_COMMAND"`;
      sshd = await Sshd.start({ config: [`ForceCommand ${held}`] });
      await project.register("far", sshd);
      await project.ok("host attach web@far");
      await project.ok("pod compile web");
      await project.commit();
      const homes = { near: project.home("near"), far: `${sshd.home}/far` };
      await Deno.writeTextFile(`${project.base}/held`, "");
      const going = start(project, ["cluster", "sync"], true);
      const holds = ["home-near.holds", "far.holds"].map((name) => `${project.base}/${name}`);
      await until(
        "both hosts unpack",
        async () => (await Promise.all(holds.map(exists))).every(Boolean),
      );
      await going.interrupt();
      strictEqual(await going.end(), 130, going.shown());
      match(going.shown(), /Interrupted: tidying up/);
      for (const home of Object.values(homes)) {
        const left = [...Deno.readDirSync(home)].map(({ name }) => name);
        ok(!left.includes("lock-token.txt"), `${home}: ${left}`);
        ok(!left.some((name) => name.startsWith(".sns-staging")), `${home}: ${left}`);
        deepStrictEqual(await processesAt(home), []);
      }
      deepStrictEqual([...Deno.readDirSync(`${project.base}/tmp`)], []);
      await Deno.remove(`${project.base}/held`);
      await project.ok("cluster sync");
      strictEqual((await project.run("cluster plan")).code, 0);
    } finally {
      await sshd?.[Symbol.asyncDispose]();
    }
  },
});

Deno.test("a second Ctrl-C ends sns at once", async () => {
  await using project = await withTar(["h1"], "trap '' TERM");
  await Deno.writeTextFile(`${project.base}/held`, "");
  const going = start(project, ["cluster", "sync"], true);
  const hold = `${project.base}/home-h1.holds`;
  await until("it unpacks", async () => await exists(hold) && await Deno.readTextFile(hold) !== "");
  const pid = Number(await Deno.readTextFile(hold));
  await going.interrupt();
  await until("it tells", () => /Interrupted: tidying up/.test(going.shown()));
  await going.interrupt();
  strictEqual(await going.end(), 130, going.shown());
  // It did not wait for what does not end.
  ok(await exists(`/proc/${pid}`), "the program on the host had ended before");
  for (const line of await processesAt(project.home("h1"))) Deno.kill(parseInt(line), "SIGKILL");
});
