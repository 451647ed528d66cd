/**
 * How long a sync of SSH hosts takes, beside rsync that delivers the same files host by host, over a new
 * connection each and over connections that OpenSSH keeps open. Each host is a real sshd on this machine.
 *
 *   deno run -A scripts/bench/sync.ts [rounds]
 */
import { join } from "node:path";
import { podYaml, TestProject } from "../../cli/testing/project.ts";
import { Sshd } from "../../cli/testing/sshd.ts";
import { mapParallel } from "../../cli/sync/parallel.ts";
import { median, type Row, table } from "./table.ts";

const HOSTS = [1, 5, 20];
const PODS = 5;
const main = new URL("../../cli/main.ts", import.meta.url).pathname;

async function run(cwd: string, program: string, ...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text(stdout)}${text(stderr)}`);
}

/** Milliseconds that `step` takes. */
async function timed(step: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await step();
  return performance.now() - began;
}

/** The cluster: `count` hosts with five pods each, committed, not synced yet. */
async function cluster(count: number, sshds: readonly Sshd[]): Promise<TestProject> {
  const project = await TestProject.create([]);
  const pods = Array.from({ length: PODS }, (_, n) => `pod${n}`);
  for (const pod of pods) {
    await project.write({
      [`_pods/${pod}/pod.yaml`]: podYaml(),
      [`_pods/${pod}/config/conf/app.conf`]: "x=1\n".repeat(1000),
    });
  }
  const greetings = pods.map((pod) => `${pod}_greeting=hello\n`);
  await project.write({ "cluster-vars.env": greetings.join("") });
  for (const [index, sshd] of sshds.slice(0, count).entries()) {
    const address = `${sshd.address}:${sshd.port}`;
    const login = ["-u", sshd.user, "-k", sshd.key, "--yes", "-d", `of-${count}`];
    await project.ok(["host", "register", `h${index}`, "-a", address, ...login]);
    await project.ok(["host", "init", `h${index}`]);
    for (const pod of pods) await project.ok(`host attach ${pod}@h${index}`);
  }
  for (const pod of pods) await project.ok(`pod compile ${pod}`);
  await project.commit();
  return project;
}

const sns = (project: TestProject) => (...args: string[]) =>
  run(project.root, Deno.execPath(), "run", "-A", main, ...args);

/** Medians of `rounds` of sns: nothing to do, one changed config; and the one first delivery. */
async function measureSns(project: TestProject, rounds: number): Promise<number[]> {
  const call = sns(project);
  const first = await timed(() => call("cluster", "sync", "-q"));
  const idle: number[] = [];
  const config: number[] = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await timed(() => call("cluster", "sync", "-q")));
    await project.write({ "_config/pod0/conf/app.conf": `x=${round}\n`.repeat(1000) });
    await project.ok("pod updateconfig pod0");
    await project.commit();
    config.push(await timed(() => call("cluster", "sync", "-q")));
  }
  return [first, median(idle), median(config)];
}

/** The same files by rsync into another directory of each host, one host after the other. */
async function measureRsync(
  project: TestProject,
  sshds: readonly Sshd[],
  rounds: number,
  kept: boolean,
): Promise<number[]> {
  const socket = (index: number) => join(project.base, `m${index}`);
  const ssh = (sshd: Sshd, index: number) => {
    const known = `-o UserKnownHostsFile=${project.path("known_hosts")}`;
    return `ssh -F none -i ${sshd.key} -p ${sshd.port} ${known}` +
      (kept ? ` -o ControlPath=${socket(index)}` : "");
  };
  const to = `rsync-${kept}`;
  const all = async () => {
    for (const [index, sshd] of sshds.entries()) {
      const from = project.path(`h${index}`, "pods/");
      const target = `${sshd.user}@${sshd.address}:${to}/`;
      await run("/", "rsync", "-a", "--delete", "-e", ssh(sshd, index), from, target);
    }
  };
  const masters = async (...options: string[]) => {
    if (!kept) return;
    await mapParallel([...sshds.entries()], 5, async ([index, sshd]) => {
      const words = ssh(sshd, index).split(" ").slice(1);
      await run("/", "ssh", ...words, ...options, "-l", sshd.user, sshd.address);
    });
  };
  await masters("-M", "-N", "-f", "-o", "StdinNull=yes", "-E", "/dev/null");
  const first = await timed(all);
  const idle: number[] = [];
  const config: number[] = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await timed(all));
    const changed = `x=${kept}${round}\n`.repeat(1000);
    for (const index of sshds.keys()) {
      const file = `h${index}/pods/pod0/release/1.0.0/config/conf/app.conf`;
      await Deno.writeTextFile(project.path(file), changed);
    }
    config.push(await timed(all));
  }
  await masters("-O", "exit");
  return [first, median(idle), median(config)];
}

if (import.meta.main) {
  const rounds = Number(Deno.args[0] ?? 5);
  const sshds = await Promise.all(Array.from({ length: Math.max(...HOSTS) }, () => Sshd.start()));
  const rows: Row[] = [];
  try {
    for (const count of HOSTS) {
      await using project = await cluster(count, sshds);
      const own = sshds.slice(0, count);
      const measured = [
        ["sns", await measureSns(project, rounds)],
        ["rsync", await measureRsync(project, own, rounds, false)],
        ["rsync, kept open", await measureRsync(project, own, rounds, true)],
      ] as const;
      for (const [name, times] of measured) {
        rows.push([`${name}, ${count}`, ...times.map((ms) => `${ms.toFixed(0)} ms`)]);
      }
    }
  } finally {
    for (const sshd of sshds) await sshd[Symbol.asyncDispose]();
  }
  console.log(table(["hosts", "first delivery", "nothing to do", "one config"], rows));
}
