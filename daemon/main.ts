/** The program `simplenetesd`. */
import { userInfo } from "node:os";
import { basename, dirname } from "node:path/posix";
import { VERSION } from "../proxy/conf/mod.ts";
import { parseInvocation, USAGE, UsageError } from "./args.ts";
import { serve } from "./daemon.ts";
import { podEnvironment } from "./environment.ts";
import { lstat } from "./files.ts";
import { createLog, formatLine, parseLogLevel } from "./log.ts";

const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));

/** Where the programs of this release are: given, or beside this one when it is not deno itself. */
function programDir(): string | undefined {
  const program = Deno.execPath();
  return Deno.env.get("SIMPLENETES_BIN") ||
    (basename(program).startsWith("deno") ? undefined : dirname(program));
}

/** Aborts the first signal at the first termination signal, the second at the second one. */
function onTermination(): [AbortSignal, AbortSignal] {
  const stop = new AbortController();
  const stopNow = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => (stop.signal.aborted ? stopNow : stop).abort());
  }
  return [stop.signal, stopNow.signal];
}

function account() {
  const { username, homedir, uid } = userInfo();
  const runtimeDir = `/run/user/${uid}`;
  const exists = lstat(runtimeDir)?.isDirectory ?? false;
  return { name: username, home: homedir, ...(exists ? { runtimeDir } : {}) };
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const invocation = parseInvocation(argv);
    switch (invocation.kind) {
      case "help":
        print(USAGE);
        return 0;
      case "version":
        print(`Simplenetesd ${VERSION}\n`);
        return 0;
      case "serve": {
        const [stop, stopNow] = onTermination();
        await serve(invocation.home, {
          log: createLog(parseLogLevel(Deno.env.get("SPACE_LOG_LEVEL")), say),
          env: podEnvironment(Deno.env.toObject(), account(), programDir()),
          stop,
          stopNow,
          loop: { pollMs: invocation.pollSeconds * 1000 },
        });
        return stopNow.aborted ? 1 : 0;
      }
    }
  } catch (error) {
    say(formatLine("ERROR", error instanceof Error ? error.message : String(error)));
    if (!(error instanceof UsageError)) return 1;
    say('Try "simplenetesd --help".\n');
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
