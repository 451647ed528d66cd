/** Questions to the system's table of processes. */

const buffer = new Uint8Array(4096);

/** The line is shorter than the buffer, and comes at once. */
function readStat(pid: number): string {
  using file = Deno.openSync(`/proc/${pid}/stat`);
  const length = file.readSync(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/** Whether process `pid` exists and has not ended; a zombie has. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readStat(pid);
    // "pid (name) state …": the name may hold anything, parentheses too.
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // ESRCH: it ended between open and read.
    if (error instanceof Error && error.message.includes("os error 3")) return false;
    // Without /proc nothing can be said; the status file's age decides then.
    return true;
  }
}

/**
 * When process `pid` started, in clock ticks since the boot: with the pid it names a process for as
 * long as the machine is up. `undefined` when there is none, or /proc does not tell.
 */
export function startTickOf(pid: number): number | undefined {
  if (!isAlive(pid)) return undefined;
  try {
    const stat = readStat(pid);
    // Field 22; the fields after the name begin with number 3.
    const tick = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isSafeInteger(tick) ? tick : undefined;
  } catch (error) {
    if (
      error instanceof Error && /NotFound|os error [23]\b/.test(`${error.name} ${error.message}`)
    ) {
      return undefined;
    }
    throw error;
  }
}
