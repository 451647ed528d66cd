/** Processes of this machine, for tests that look whether any is left. */

/** Processes that have `text` in their working directory or command line; this one and sshd excepted. */
export async function processesAt(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    try {
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`);
      const cwd = await Deno.readLink(`/proc/${name}/cwd`);
      if (command.includes("sshd")) continue;
      if (`${command}\0${cwd}`.includes(text)) {
        found.push(`${name} ${command.replaceAll("\0", " ")}`);
      }
    } catch (error) {
      // It has ended, or is somebody else's.
      const gone = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.PermissionDenied ||
        error instanceof Error && /\(os error 3\)/.test(error.message);
      if (!gone) throw error;
    }
  }
  return found;
}
