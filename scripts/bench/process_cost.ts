/** What our own processes of a pod cost: those of its supervisor and keepers, not what they run. */
import type { Pod } from "./pod.ts";

export interface Cost {
  /** Processes, at the moment of looking. */
  readonly processes: number;
  /** CPU time that they and their ended children took so far, in ms. */
  readonly cpuMs: number;
  /** Proportional set size, in kB: what is shared is divided among who shares it. */
  readonly pssKb: number;
  readonly rssKb: number;
}

const TICK_MS = 10;

/** Sums up the cost of the pods at this moment. */
export async function costOf(pods: readonly Pod[]): Promise<Cost> {
  const dirs = new Map(pods.map((pod) => [pod.dir, new Set<string>()]));
  for (const pod of pods) {
    for await (const { name } of Deno.readDir(`${pod.dir}/.pod.run/unit`)) {
      const process = await pod.read(`.pod.run/unit/${name}/process`);
      if (process) dirs.get(pod.dir)?.add(process.split(" ")[0]!);
    }
  }
  const sum = { processes: 0, cpuMs: 0, pssKb: 0, rssKb: 0 };
  for await (const { name: pid } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const cost = await costOfProcess(pid, dirs);
    if (!cost) continue;
    sum.processes += cost.processes;
    sum.cpuMs += cost.cpuMs;
    sum.pssKb += cost.pssKb;
    sum.rssKb += cost.rssKb;
  }
  return sum;
}

/** The cost of one process; `undefined` when it is none of ours, or gone meanwhile. */
async function costOfProcess(
  pid: string,
  dirs: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Cost | undefined> {
  try {
    const units = dirs.get(await Deno.readLink(`/proc/${pid}/cwd`));
    if (!units || units.has(pid)) return undefined;
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    if (stat.includes("(conmon)")) return undefined;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    const memory = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
    const kb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(memory)?.[1]);
    return {
      processes: 1,
      cpuMs: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) * TICK_MS,
      pssKb: kb("Pss"),
      rssKb: kb("Rss"),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    if (error instanceof Error && /ESRCH|os error 3/.test(error.message)) return undefined;
    throw error;
  }
}
