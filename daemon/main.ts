/** The program `simplenetesd`. */
import { VERSION } from "../proxy/conf/mod.ts";
import { type Invocation, parseInvocation, USAGE, UsageError } from "./args.ts";
import { messageOf } from "./files.ts";
import { formatLine } from "./log.ts";
import { runHome, runHomeForSystem, runSystem, type Started } from "./modes.ts";
import { showStatus } from "./status/show.ts";
import { ramdiskMain } from "./system/ramdisk_main.ts";
import { INTERNAL } from "./system/self.ts";

const say = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text));
const print = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));

/** Aborts the first signal at the first termination signal, the second at the second one. */
function onTermination(): Pick<Started, "stop" | "stopNow"> {
  const stop = new AbortController();
  const stopNow = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => (stop.signal.aborted ? stopNow : stop).abort());
  }
  return { stop: stop.signal, stopNow: stopNow.signal };
}

async function main([first, ...rest]: readonly string[]): Promise<number> {
  try {
    switch (first) {
      case undefined:
        return await carryOut(parseInvocation([]));
      case INTERNAL.ramdisk:
        ramdiskMain(rest);
        return 0;
      case INTERNAL.home:
        return await carryOut(parseInvocation(rest), runHomeForSystem);
      default:
        return await carryOut(parseInvocation([first, ...rest]));
    }
  } catch (error) {
    // The system's daemon was told, and logs it.
    if (first === INTERNAL.home) return 1;
    say(formatLine("ERROR", messageOf(error)));
    if (!(error instanceof UsageError)) return 1;
    say('Try "simplenetesd --help".\n');
    return 2;
  }
}

async function carryOut(invocation: Invocation, serveHome = runHome): Promise<number> {
  switch (invocation.kind) {
    case "help":
      print(USAGE);
      return 0;
    case "version":
      print(`Simplenetesd ${VERSION}\n`);
      return 0;
    case "status":
      print(await showStatus(invocation, Deno.env.toObject()));
      return 0;
    case "serve": {
      const { home, pollSeconds } = invocation;
      const env = Deno.env.toObject();
      const started = { env, say, main: Deno.mainModule, pollSeconds, ...onTermination() };
      await (home === undefined ? runSystem(started) : serveHome(home, started));
      return started.stopNow.aborted ? 1 : 0;
    }
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
