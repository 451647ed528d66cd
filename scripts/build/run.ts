/** Child processes of the build. */

/** Runs a program to its end. @throws Error with what it said when it fails. */
export async function run(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...(cwd !== undefined && { cwd }),
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`${command} ${args.join(" ")}:\n${text(stderr) || text(stdout)}`);
  return text(stdout);
}
