/** Asks other hosts in the background, so that a host that comes back is known before a client needs it. */
import { askPeer, dialPeer, type NoTarget, remember, type RemoteTarget } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import { runBehind, type Shared } from "./context.ts";
import { type Probe, ProbePlan } from "./probe_plan.ts";
import { ProbeBoard } from "./thread_share.ts";

/** Pauses between two looks at what is due, in milliseconds: where something was, and where nothing was. */
const LOOK_MS = { soon: 50, later: 500 };
/** How long nothing is asked when this machine has no sockets or ports left, in milliseconds. */
const LOCAL_MS = 2000;
/** How long an answer that another thread got may be of interest at most, in milliseconds. */
const MAX_AGE_MS = 30_000;

type Found = Pick<RemoteTarget, "answer" | "connection">;

/** Runs as long as cluster ports are in use; see {@link ProbePlan}. */
export class Prober {
  readonly #plan: ProbePlan;
  #cancel: (() => void) | undefined;

  readonly #board: ProbeBoard;

  constructor(private readonly context: Shared) {
    this.#plan = new ProbePlan(context.memory);
    this.#board = new ProbeBoard(context.share);
  }

  /** A client came to `port` now. */
  use(port: number, now: number): void {
    this.#plan.use(port, now);
    this.#cancel ??= this.context.engine.after(LOOK_MS.later, () => this.#look());
  }

  /** Questions under way. */
  get running(): number {
    return this.#plan.running;
  }

  /** Asks nothing more; questions under way are ended by the end of their connections. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const { context } = this;
    this.#cancel = undefined;
    if (context.ending) return;
    const probes = this.#plan.next(
      context.peers.names,
      context.now(),
      (probe) => this.#isElsewhere(probe),
    );
    for (const probe of probes) {
      runBehind(
        context,
        "Cannot ask a host",
        () => this.#ask(probe).finally(() => this.#plan.done(probe)),
      );
    }
    if (this.#plan.ports === 0) return;
    const pauseMs = probes.length > 0 ? LOOK_MS.soon : LOOK_MS.later;
    this.#cancel = context.engine.after(pauseMs, () => this.#look());
  }

  /** Whether another thread asks, or did so lately; then its answer is believed here, too. */
  #isElsewhere({ host, port }: Probe): boolean {
    const { memory, now, share, conf } = this.context;
    if (share.threads === 1) return false;
    const read = (maxAgeMs: number) => this.#board.read(host, port, maxAgeMs);
    const posted = read(MAX_AGE_MS);
    if (posted === undefined) return false;
    if (posted === "asking") return read(2000 * conf.connectSeconds) !== undefined;
    const answer = posted === "down" ? "silent" : posted;
    // At half of its time, so that a host that came back is found soon.
    if (read(memory.lifetimes[answer] / 2) === undefined) return false;
    if (posted === "down") memory.noteDown(host, "silent", now());
    else if (port !== undefined) memory.note(host, port, posted, now());
    else if (posted === "ok") memory.noteUp(host, now());
    return true;
  }

  async #ask({ host, port }: Probe): Promise<void> {
    const { context } = this;
    const { memory, now } = context;
    this.#board.post(host, port, "asking");
    const address = context.peers.address(host);
    if (!address) return memory.noteDown(host, "silent", now()); // Its name has no address.
    const start = now();
    const found = await new Promise<Found | NoTarget>((resolve) =>
      this.#talk(address, port, resolve)
    );
    context.metrics.asked("probe", host, start, found);
    if (found.answer === "local") this.#plan.hold(now() + LOCAL_MS);
    else {
      const isDown = found.answer !== "ok" && (found.down || port === undefined);
      this.#board.post(host, port, isDown ? "down" : found.answer);
    }
    if (found.answer !== "ok") return remember(context, host, port, found);
    if (port === undefined) {
      found.connection.close();
      return memory.noteUp(host, now());
    }
    found.connection.reset();
    memory.note(host, port, "ok", now());
  }

  /** The answer of the proxy at `address`; without `port`, whether it is there. */
  #talk(
    address: HostAddress,
    port: number | undefined,
    done: (found: Found | NoTarget) => void,
  ): void {
    const { engine, conf } = this.context;
    const timeoutMs = conf.connectSeconds * 1000;
    dialPeer(engine, address, timeoutMs, (line) => {
      if ("answer" in line) done(line);
      else if (port === undefined) done({ answer: "ok", connection: line.connection });
      else askPeer(engine, line, port, timeoutMs, true, done);
    });
  }
}
