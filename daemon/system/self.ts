/** The command line that starts this very program again, with other arguments. */

/** First arguments of the processes that the system's daemon starts; people have no use for them. */
export const INTERNAL = { home: "internal:home", ramdisk: "internal:ramdisk" } as const;

/** @param main the file of the program's entry, where it runs from its sources */
export function ownCommand(main: string): [string, ...string[]] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const config = import.meta.url.endsWith(".ts")
    ? ["--config", new URL("../../deno.json", import.meta.url).pathname]
    : ["--no-config", "--no-npm"]; // a bundle, which has all it needs
  return [Deno.execPath(), "run", "-q", "-A", "--no-lock", ...config, main];
}
