/** Questions to the system's table of processes. */

/** Whether process `pid` exists and has not ended; a zombie has. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
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
