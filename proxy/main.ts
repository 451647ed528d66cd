/** The program `simplenetes-proxy`. */
import { resolve } from "node:path";
import { VERSION } from "./conf/mod.ts";
import type { Log } from "./log.ts";
import { logFromEnvironment, logProblem } from "./log_settings.ts";
import { Proxy } from "./proxy.ts";
import { choosePlane } from "./workers/choose_plane.ts";

const HELP = `Usage: simplenetes-proxy [proxy.conf]

Connects the pods of a cluster: listens on the cluster ports, and hands each connection to a pod
that serves the port, on this host or another one.

  proxy.conf      its settings; ./proxy.conf by default
  -h, --help      print this
  -V, --version   print the version

SIGHUP reads the files again (changes are noticed without it, too). SIGTERM and SIGINT let open
connections go on for DRAINSECONDS; a second one ends them. The environment variable LOG_LEVEL is
debug, info (the default), warn or error.
`;

/** What the command line asks for; a string says what is wrong with it. */
function parseArgs(args: readonly string[]): { print: string } | { file: string } | string {
  if (args.includes("--help") || args.includes("-h")) return { print: HELP };
  if (args.includes("--version") || args.includes("-V")) return { print: VERSION + "\n" };
  const option = args.find((arg) => arg.startsWith("-"));
  if (option !== undefined) return `Unknown option ${option}. Try --help.`;
  if (args.length > 1) return "More than one proxy.conf given. Try --help.";
  return { file: resolve(args[0] ?? "proxy.conf") };
}

/** Runs until a signal ended it. Resolves to the exit code. */
async function run(confFile: string, log: Log): Promise<number> {
  // A mistake in the service of one connection must not end all the others.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unexpected error", { error: event.reason?.stack ?? String(event.reason) });
  });
  // Listening for signals comes first: from the first connection on, an end has to be a drain.
  const ended = Promise.withResolvers<number>();
  const starting = Proxy.start({
    confFile,
    log,
    makePlane: (first) => choosePlane(first, log, (error) => ended.reject(error)),
  });
  let signals = 0;
  const end = () => {
    if (++signals > 1) return ended.resolve(1);
    starting.then((proxy) => proxy.drain()).then(() => ended.resolve(0), ended.reject);
  };
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  const proxy = await starting;
  Deno.addSignalListener("SIGHUP", () => void proxy.reload());
  return await ended.promise;
}

if (import.meta.main) {
  const line = (text: string) => console.error(text);
  const asked = parseArgs(Deno.args);
  if (typeof asked === "string") {
    line(`[ERROR] ${asked}`);
    Deno.exit(2);
  } else if ("print" in asked) {
    await Deno.stdout.write(new TextEncoder().encode(asked.print));
  } else {
    const log = logFromEnvironment();
    const problem = logProblem();
    if (problem !== undefined) log.warn(problem);
    try {
      Deno.exit(await run(asked.file, log));
    } catch (error) {
      for (const text of (error instanceof Error ? error.message : String(error)).split("\n")) {
        line(`[ERROR] ${text}`);
      }
      Deno.exit(1);
    }
  }
}
