/** Where test hosts live on this machine, whether it can have any, and what killed runs left. */
import { join } from "node:path";
import { exists } from "../../cli/testing/exists.ts";
import { must, tryFor } from "./command.ts";

/** Disks and runs; outside of the project, as disks are made once for all of its copies. */
const DIR = Deno.env.get("SNS_TEST_HOSTS") ?? "/var/tmp/simplenetes-hosts";
const RUNS = join(DIR, "runs");

const TOOLS = ["systemd-nspawn", "debootstrap", "unshare", "nsenter", "ip", "nft", "ssh-keygen"];
/** What a host's boot does before systemd-nspawn. */
const PROBE = `mkdir -p "$1"; mount -t tmpfs tmpfs "$1"; cd "$1"; mkdir l u w m
mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m; mount -t cgroup2 none l`;

/** Why there can be no hosts here; `undefined` when there can. */
export async function whyNoHosts(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can boot a host";
  for (const tool of TOOLS) {
    const { code } = await tryFor(10, ["sh", "-c", 'command -v "$1"', "sh", tool]);
    if (code !== 0) return `no ${tool} here; scripts/setup.sh installs it`;
  }
  const words = ["unshare", "-m", "-n", "--propagation", "private", "sh", "-euc", PROBE, "sh"];
  const { code, err } = await tryFor(10, [...words, join(DIR, "probe")]);
  return code === 0 ? undefined : `this kernel or its rights are not enough: ${err.trim()}`;
}

/** The directories that a host's disk is put together from, the uppermost first. */
export interface Disks {
  /** Debian with systemd and sshd, and nothing else. */
  readonly bare: string;
  /** The same with rootless podman. */
  readonly podman: string;
}

/** The disks, and what else is made with them. */
export interface Made extends Disks {
  /** The packages that podman's disk has more, as apt reads them from a directory. */
  readonly packages: string;
}

/** Makes the disks unless they are there, which takes about a minute, once. */
export async function disks(): Promise<Made> {
  const script = new URL("image.sh", import.meta.url).pathname;
  const [base, layer, packages] = (await must(["sh", script, DIR], 1200)).split("\n").slice(-3);
  return { bare: base!, podman: `${layer}:${base}`, packages: packages! };
}

/** One run's directory and the prefix of all names it uses: cgroups and networks. */
export interface Run {
  readonly dir: string;
  readonly prefix: string;
}

/** Starts a run. It belongs to this process: when that is gone, a later run removes what is left. */
export async function startRun(): Promise<Run> {
  await removeLeftovers();
  const id = `${Deno.pid}-${crypto.randomUUID().slice(0, 4)}`;
  const run = runOf(id);
  await Deno.mkdir(run.dir, { recursive: true });
  await Deno.writeTextFile(join(run.dir, "owner"), await identity(Deno.pid) ?? "");
  return run;
}

/** Ends all processes of a run and removes its networks and files. */
export async function removeRun({ dir, prefix }: Run): Promise<void> {
  const script = new URL("remove_run.sh", import.meta.url).pathname;
  await must(["unshare", "-m", "--propagation", "private", "sh", script, dir, prefix], 120);
}

async function removeLeftovers(): Promise<void> {
  await Deno.mkdir(RUNS, { recursive: true });
  for await (const { name } of Deno.readDir(RUNS)) {
    const pid = Number(name.split("-")[0]);
    const owner = join(RUNS, name, "owner");
    // Without one it is being made, or was just removed.
    if (!await exists(owner)) continue;
    const living = await identity(pid);
    if (living === undefined || living !== await Deno.readTextFile(owner)) {
      await removeRun(runOf(name));
    }
  }
}

const runOf = (id: string): Run => ({ dir: join(RUNS, id), prefix: `sns-${id}-` });

/** What tells a process from a later one with the same pid: its start and the boot. */
async function identity(pid: number): Promise<string | undefined> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${start} ${(await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
