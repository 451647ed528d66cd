/** The daemon's modes, put together from what the process was started with. */
import { fstatSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname } from "node:path/posix";
import { serve } from "./daemon.ts";
import { podEnvironment } from "./environment.ts";
import { lstat, messageOf } from "./files.ts";
import { createLog, isJournal, type Log, parseLogLevel } from "./log.ts";
import { HomeChannel } from "./system/home_channel.ts";
import { rootEnvironment } from "./system/privilege.ts";
import { ownCommand } from "./system/self.ts";
import { GOING_DOWN, isGoingDown } from "./system/going_down.ts";
import { serveSystem } from "./system/system.ts";
import { RUN_DIR } from "./system/system_report.ts";
import { Notify } from "./systemd/notify.ts";

/** What the process was started with. */
export interface Started {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to stderr. */
  readonly say: (text: string) => void;
  /** The file of the program's entry. */
  readonly main: string;
  /** Aborts at the first termination signal. */
  readonly stop: AbortSignal;
  /** Aborts at the second one. */
  readonly stopNow: AbortSignal;
  readonly pollSeconds: number;
}

/** Serves one home as the user who started the program. */
export async function runHome(home: string, started: Started): Promise<void> {
  const { env, stop, stopNow } = started;
  const log = makeLog(started);
  using notify = makeNotify(log, env);
  await serve(home, {
    log,
    env: podEnvironment(env, account(), programDir(env)),
    stop,
    stopNow,
    loop: { pollMs: started.pollSeconds * 1000, turnMs: notify.withinMs },
    onTurn: (pods) => {
      notify.turned();
      notify.status(stop.aborted ? "Ending" : `Serving ${pods} pods`);
    },
    onReady: () => notify.ready(),
    onEnding: () => notify.stopping(),
  });
}

/** Serves the homes of all users, as root. */
export async function runSystem(started: Started): Promise<void> {
  const { env, main, stop, stopNow } = started;
  const log = makeLog(started);
  using notify = makeNotify(log, env);
  const ending = new AbortController();
  const askWhy = async () => {
    ending.abort(await isGoingDown(rootEnvironment(env), log) ? GOING_DOWN : undefined);
  };
  if (stop.aborted) void askWhy();
  else stop.addEventListener("abort", () => void askWhy());
  await serveSystem({
    log,
    env,
    command: ownCommand(main),
    stop: ending.signal,
    stopNow,
    notify,
    runDir: env.SIMPLENETESD_RUN_DIR || RUN_DIR,
    lookMs: started.pollSeconds * 1000,
    homeArguments: [`--poll-seconds=${started.pollSeconds}`],
  });
}

/** Serves one home for the system's daemon, at the other end of stdin and stdout. */
export async function runHomeForSystem(home: string, started: Started): Promise<void> {
  const { env, stopNow } = started;
  const encoder = new TextEncoder();
  const channel = new HomeChannel(home, (line) => {
    Deno.stdout.writeSync(encoder.encode(line));
  });
  const log = makeLog(started, home);
  const orphaned = new AbortController();
  void channel.listen(Deno.stdin.readable)
    .catch((error) => log("ERROR", `Cannot hear the daemon: ${messageOf(error)}`))
    .then((goesDown) => orphaned.abort(goesDown ? GOING_DOWN : undefined));
  // The first signal counts as the second where the daemon has asked for the end before.
  const atOnce = new AbortController();
  started.stop.addEventListener("abort", () => {
    if (orphaned.signal.aborted) atOnce.abort();
  });
  try {
    await serve(home, {
      log,
      env: podEnvironment(env, account(), programDir(env)),
      stop: AbortSignal.any([started.stop, orphaned.signal]),
      stopNow: AbortSignal.any([stopNow, atOnce.signal]),
      loop: { pollMs: started.pollSeconds * 1000 },
      ramdisks: channel,
      onTurn: (pods) => channel.tell({ kind: "turn", pods }),
    });
  } catch (error) {
    channel.tell({ kind: "problem", text: messageOf(error) });
    throw error;
  }
}

function makeLog({ env, say }: Started, label?: string): Log {
  const { dev, ino } = fstatSync(2);
  const journal = isJournal(env.JOURNAL_STREAM, { dev, ino });
  return createLog(parseLogLevel(env.SPACE_LOG_LEVEL), say, {
    journal,
    ...(journal ? {} : { now: () => new Date() }),
    ...(label === undefined ? {} : { label }),
  });
}

function makeNotify(log: Log, env: Started["env"]): Notify {
  return new Notify({ env, pid: Deno.pid, now: () => performance.now(), log });
}

/** Where the programs of this release are: given, or beside this one when it is not deno itself. */
function programDir(env: Started["env"]): string | undefined {
  const program = Deno.execPath();
  return env.SIMPLENETES_BIN ||
    (basename(program).startsWith("deno") ? undefined : dirname(program));
}

function account() {
  const { username, homedir, uid } = userInfo();
  const runtimeDir = `/run/user/${uid}`;
  const exists = lstat(runtimeDir)?.isDirectory ?? false;
  return { name: username, home: homedir, ...(exists ? { runtimeDir } : {}) };
}
