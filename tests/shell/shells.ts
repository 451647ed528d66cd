/** The shells that a compiled pod has to run under, those of them that this machine has. */

export interface Shell {
  readonly name: string;
  /** What stands behind `#!`. */
  readonly interpreter: string;
  /** A PATH for the pod and all it calls. */
  readonly path: string;
}

/**
 * dash and bash with the machine's own tools, and busybox ash with nothing but busybox's.
 *
 * @param busyboxDir an empty directory that gets a link for each busybox applet
 */
export async function shells(busyboxDir: string): Promise<Shell[]> {
  const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  const found: Shell[] = [];
  for (const name of ["dash", "bash"]) {
    const file = await firstFile([`/bin/${name}`, `/usr/bin/${name}`]);
    if (file) found.push({ name, interpreter: file, path });
  }
  const busybox = await firstFile(["/bin/busybox", "/usr/bin/busybox"]);
  if (busybox) {
    const { stdout } = await new Deno.Command(busybox, { args: ["--list"] }).output();
    for (const applet of new TextDecoder().decode(stdout).trim().split("\n")) {
      await Deno.symlink(busybox, `${busyboxDir}/${applet}`);
    }
    found.push({ name: "busybox", interpreter: `${busybox} sh`, path: busyboxDir });
  }
  return found;
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const info = await Deno.stat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (info?.isFile) return path;
  }
  return undefined;
}
