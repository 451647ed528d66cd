/**
 * Signals the process `pid`, and nothing else: as a signal's target, 0 and what is no number mean the
 * whole process group, which is that of the test run itself.
 *
 * @throws Error when `pid` names no process that a test may kill.
 */
export function killOne(pid: number | undefined, signal: Deno.Signal = "SIGKILL"): void {
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 1) {
    throw new Error(`There is no process ${pid} to kill`);
  }
  Deno.kill(pid, signal);
}
