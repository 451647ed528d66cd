/** The system mode: serves the host homes of all accounts, each by a process with its owner's privileges. */
import { VERSION } from "../../proxy/conf/mod.ts";
import { messageOf, writeAtomically } from "../files.ts";
import { lockFile } from "../home_lock.ts";
import { type Log, ProblemLog } from "../log.ts";
import { startTickOf } from "../process_table.ts";
import { sleep } from "../sleep.ts";
import type { Notify } from "../systemd/notify.ts";
import type { Account } from "./account.ts";
import { accountNames, AccountRegister, askAccounts } from "./accounts.ts";
import { findHomes } from "./find_homes.ts";
import { GOING_DOWN } from "./going_down.ts";
import { Homes } from "./homes.ts";
import { Looks } from "./looks.ts";
import { accountEnvironment, rootEnvironment } from "./privilege.ts";
import { keeperOf } from "./served_home.ts";
import { systemPaths, type SystemReport } from "./system_report.ts";

export interface SystemOptions {
  readonly log: Log;
  /** The daemon's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line that starts this program again. */
  readonly command: readonly [string, ...string[]];
  /** Ends the daemon: the homes' processes finish what they are at. */
  readonly stop: AbortSignal;
  /** Ends what they are at, too. */
  readonly stopNow: AbortSignal;
  readonly notify: Notify;
  /** A directory of root's for the lock and the report. */
  readonly runDir: string;
  /** Milliseconds between looks for host homes; default 10 s. */
  readonly lookMs?: number;
  /** Milliseconds without a sign of life after which a home's process is killed; default 60 s. */
  readonly quietMs?: number;
  /** Extra arguments for the homes' processes. */
  readonly homeArguments?: readonly string[];
}

/** Milliseconds between turns: looks that are due, the report, the sign of life. */
const TURN_MS = 1_000;
/** Milliseconds after which the daemon counts as ready though some home still starts. */
const READY_AFTER = 30_000;

/**
 * Serves all host homes until `stop` aborts.
 *
 * @throws when not run by root, or another daemon serves the system
 */
export async function serveSystem(options: SystemOptions): Promise<void> {
  const { log, runDir } = options;
  if (Deno.uid() !== 0) {
    throw new Error(
      "Only root can serve the host homes of all users: name one of yours, " +
        'as in "simplenetesd ~/cluster-host", or start it as root',
    );
  }
  Deno.mkdirSync(runDir, { recursive: true, mode: 0o755 });
  const holder = `pid ${Deno.pid}, since ${new Date().toISOString()}`;
  using _lock = await lockFile(systemPaths(runDir).lock, "this system", holder);
  log("INFO", `simplenetesd ${VERSION} serves the host homes of all users (pid ${Deno.pid})`);
  await new System(options).work();
  log("INFO", options.stop.reason === GOING_DOWN ? "Ended" : "Ended; the pods keep running");
}

class System {
  readonly #problems: ProblemLog;
  readonly #looks: Looks;
  readonly #homes: Homes;
  readonly #running = new Set<Promise<void>>();
  readonly #startTick = startTickOf(Deno.pid) ?? 0;
  readonly #began = performance.now();
  readonly #register = new AccountRegister();
  #accountsAt = -Infinity;
  #accountsKnown = false;
  #ready = false;
  #written = "";

  constructor(readonly options: SystemOptions) {
    this.#problems = new ProblemLog(options.log);
    this.#looks = new Looks(options.lookMs ?? 10_000);
    const { stop, stopNow } = options;
    const keeper = (account: Account, home: string) => keeperOf(account, home, options);
    this.#homes = new Homes({ keeper, stop, stopNow });
  }

  async work(): Promise<void> {
    const { stop, notify } = this.options;
    while (!stop.aborted) {
      try {
        await this.#turn();
        this.#problems.clear("turn");
      } catch (error) {
        this.#problems.report("turn", `Cannot look after the system: ${messageOf(error)}`, "ERROR");
      }
      notify.turned();
      await sleep(Math.min(TURN_MS, notify.withinMs), stop);
    }
    notify.stopping();
    await this.#homes.ended();
    await Promise.all(this.#running);
    await this.#report();
  }

  async #turn(): Promise<void> {
    const now = performance.now();
    if (now - this.#accountsAt >= this.#looks.everyMs) {
      this.#accountsAt = Infinity;
      this.#beside(this.#ask().finally(() => this.#accountsAt = performance.now()));
    }
    for (const account of this.#looks.begin(this.#register.accounts, now)) {
      this.#beside(this.#look(account));
    }
    await this.#report();
    if (!this.#ready && this.#isReady(now)) {
      this.#ready = true;
      this.options.notify.ready();
    }
  }

  /** Lets a job, which never rejects, go on beside the turns. */
  #beside(work: Promise<void>): void {
    const job = work.finally(() => this.#running.delete(job));
    this.#running.add(job);
  }

  /** Asks which accounts there are; without an answer the last one stays. Never rejects. */
  async #ask(): Promise<void> {
    const { env, stop } = this.options;
    try {
      const names = accountNames(env.SIMPLENETESD_ACCOUNTS);
      const found = await askAccounts({ names, env: rootEnvironment(env), signal: stop });
      const problem = this.#register.update(found, performance.now());
      if (problem === undefined) this.#problems.clear("accounts");
      else this.#problems.report("accounts", problem, "ERROR");
      this.#homes.retain(this.#register.accounts);
      this.#accountsKnown = true;
    } catch (error) {
      if (!stop.aborted) this.#problems.report("accounts", messageOf(error), "ERROR");
    }
  }

  /** Never rejects. */
  async #look(account: Account): Promise<void> {
    const key = `look ${account.uid}`;
    try {
      const env = accountEnvironment(account, this.options.env, undefined);
      const homes = await findHomes(account, { env, signal: this.options.stop });
      if (!this.options.stop.aborted) this.#homes.set(account, homes);
      this.#problems.clear(key);
    } catch (error) {
      if (!this.options.stop.aborted) this.#problems.report(key, messageOf(error), "ERROR");
    } finally {
      this.#looks.ended(account);
    }
  }

  #isReady(now: number): boolean {
    const settled = this.#homes.list().every(({ phase }) => phase !== "starting");
    const looked = this.#accountsKnown && this.#looks.allDone(this.#register.accounts);
    return (settled && looked) || now - this.#began >= READY_AFTER;
  }

  async #report(): Promise<void> {
    const homes = this.#homes.list();
    const pods = homes.reduce((sum, home) => sum + home.pods, 0);
    const trouble = homes.filter(({ phase }) => phase === "waiting").length;
    const broken = trouble === 0 ? "" : `, ${trouble} of them in trouble`;
    this.options.notify.status(`Serving ${homes.length} host homes${broken}, with ${pods} pods`);
    const report: SystemReport = {
      pid: Deno.pid,
      startTick: this.#startTick,
      version: VERSION,
      homes,
    };
    const text = `${JSON.stringify(report)}\n`;
    if (text === this.#written) return;
    await writeAtomically(systemPaths(this.options.runDir).report, text, 0o644);
    this.#written = text;
  }
}
