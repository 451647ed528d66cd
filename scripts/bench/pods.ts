/**
 * What pods cost: compile time, actions beside bare podman calls, logs, and idle pods.
 *
 *     deno run -A scripts/bench/pods.ts [IMAGE] [IDLE-PODS...]
 *
 * As a user who can run podman; IMAGE has sh, sleep and awk, and is there already. The numbers of
 * idle pods are 1 and 20 unless others are given. Times are medians and depend on what else runs.
 */
import { actionTimes } from "./action_time.ts";
import { compileTime } from "./compile_time.ts";
import { idlePods } from "./idle.ts";
import { logSpeed } from "./log_speed.ts";
import { type Row, table } from "./table.ts";

const ROUNDS = 5;
const LINES = 200_000;
const IDLE_SECONDS = 30;

if (import.meta.main) await main(Deno.args);

async function main([image = "localhost/sns-e2e:1", ...counts]: readonly string[]): Promise<void> {
  const idle = counts.length === 0 ? [1, 20] : counts.map(Number);
  show(["compile, containers", "first", "median"], [1, 10, 50].map((count) => compileTime(count)));
  const actions: Row[] = [];
  for (const count of [1, 5]) actions.push(...await actionTimes(image, count, ROUNDS));
  show(["action, containers", "pod", "bare podman", "ratio", "pod stop alone"], actions);
  const logs: Row[] = [];
  for (const kind of ["program", "container"] as const) {
    logs.push(await logSpeed(kind, image, LINES));
  }
  show([`${LINES} log lines of a`, "speed", "with the start", "lost"], logs);
  const rest: Row[] = [];
  for (const count of idle) {
    for (const kind of ["program", "container"] as const) {
      rest.push(await idlePods(kind, image, count, IDLE_SECONDS));
    }
  }
  show(["pods; each of them takes", "CPU", "PSS", "RSS", "processes"], rest);
}

function show(head: Row, rows: readonly Row[]): void {
  console.log(`${table(head, rows)}\n`);
}
