/** The program `sns`. */
import { messageOf } from "./errors.ts";
import { parseCommandLine } from "./parse.ts";
import { createLog, parseLogLevel } from "./ui/log.ts";

/** Exit code of a command that was interrupted. */
const INTERRUPTED = 130;

/** Runs a command line and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const write = (to: typeof Deno.stdout) => (text: string) => writeAll(to, text);
  const stdout = write(Deno.stdout);
  const stderr = write(Deno.stderr);
  const threshold = parseLogLevel(Deno.env.get("SPACE_LOG_LEVEL"));
  const colours = Deno.stderr.isTerminal() && !Deno.env.get("NO_COLOR");
  const log = createLog(stderr, threshold === undefined ? { colours } : { colours, threshold });
  try {
    const parsed = await parseCommandLine(args, { stdout, stderr });
    if (parsed.kind === "exit") return parsed.code;
    const [{ Hosts }, { ask }] = await Promise.all([
      import("./connect.ts"),
      import("./ui/ask.ts"),
    ]);
    const agent = Deno.env.get("SSH_AUTH_SOCK") || undefined;
    await using hosts = new Hosts({ agent, ask, warn: (text) => log.warn(text) });
    const interrupt = interruption(() => {
      log.warn("Interrupted: tidying up. Interrupt again to end at once");
    });
    try {
      const code = await parsed.invocation({
        cwd: Deno.cwd(),
        env: (name) => Deno.env.get(name),
        stdout,
        stdin: () => new Response(Deno.stdin.readable).text(),
        log,
        now: () => new Date(),
        random: Math.random,
        signal: interrupt.signal,
        connect: (host) => hosts.connect(host),
        ssh: () => hosts.ssh(),
        ask,
        terminal: Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
      });
      return interrupt.signal.aborted ? INTERRUPTED : code;
    } finally {
      interrupt.stop();
    }
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 1;
    const { describeError } = await import("./errors.ts");
    const [message = messageOf(error), ...hints] = describeError(error, (threshold ?? 4) >= 5);
    log.error(message);
    for (const hint of hints) log.info(hint);
    return 1;
  }
}

/** The first interrupt lets the command end by itself, a second one ends it at once. */
function interruption(tell: () => void): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    tell();
    controller.abort(new Error("interrupted"));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  const stop = () => {
    for (const name of signals) Deno.removeSignalListener(name, interrupt);
  };
  return { signal: controller.signal, stop };
}

function writeAll(to: typeof Deno.stdout, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
