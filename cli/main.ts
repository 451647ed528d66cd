/** The program `sns`. */
import { messageOf } from "./errors.ts";
import { parseCommandLine } from "./parse.ts";
import { createLog, parseLogLevel } from "./ui/log.ts";
import { LiveLines, NO_PROGRESS } from "./ui/progress.ts";

/** Exit code of a command that was interrupted. */
const INTERRUPTED = 130;

/** Runs a command line and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const write = (to: typeof Deno.stdout) => (text: string) => writeAll(to, text);
  const live = liveLines();
  const shown = (text: (text: string) => void, terminal: boolean) =>
    live === undefined || !terminal ? text : (line: string) => live.above(() => text(line));
  const stdout = shown(write(Deno.stdout), Deno.stdout.isTerminal());
  const stderr = shown(write(Deno.stderr), true);
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
    const asking: typeof ask = (question, options) =>
      live === undefined ? ask(question, options) : live.without(() => ask(question, options));
    const agent = Deno.env.get("SSH_AUTH_SOCK") || undefined;
    await using hosts = new Hosts({ agent, ask: asking, warn: (text) => log.warn(text) });
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
        progress: live ?? NO_PROGRESS,
        now: () => new Date(),
        random: Math.random,
        signal: interrupt.signal,
        connect: (host) => hosts.connect(host),
        ssh: () => hosts.ssh(),
        ask: asking,
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

/** Lines that show what goes on, where stderr is a terminal that can. */
function liveLines(): LiveLines | undefined {
  if (!Deno.stderr.isTerminal() || Deno.env.get("TERM") === "dumb") return undefined;
  const stderr = (text: string) => writeAll(Deno.stderr, text);
  return new LiveLines(stderr, () => {
    try {
      // A terminal that nobody told its size has none.
      const { columns, rows } = Deno.consoleSize();
      return { columns: columns || 80, rows: rows || 24 };
    } catch {
      // Neither stdin nor stdout nor stderr knows: some size that every terminal has.
      return { columns: 80, rows: 24 };
    }
  });
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
