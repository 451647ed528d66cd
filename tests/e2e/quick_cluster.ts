/** What `sns quickstart` prints, and the page that it makes. */
import { run } from "../shell/pod_folder.ts";

/** The commands below a line of the output that begins with `title`. */
export function commandsUnder(title: string, output: string): string {
  const lines = output.split("\n");
  const from = lines.findIndex((line) => line.startsWith(title));
  if (from < 0) throw new Error(`There is no "${title}" in:\n${output}`);
  const to = lines.findIndex((line, index) => index > from && !line.startsWith("  "));
  return lines.slice(from + 1, to).join("\n");
}

/** All lines behind a `$`, with those that continue them: what a person could have typed. */
export function typedCommands(output: string): string[] {
  const typed = /^\$ ((?:[^\n]*<<'END'\n[\s\S]*?\nEND|(?:[^\n]*&&\n)*[^\n]*))$/gm;
  return [...output.matchAll(typed)].map(([, command]) => command!);
}

/** What is at `url`; empty when nobody answers. */
export async function page(url: string): Promise<string> {
  return (await run("curl", ["-sS", "--max-time", "5", url])).out;
}
