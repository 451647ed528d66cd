/** Asks other hosts in the background, so that a host that comes back is known before a client needs it. */
import { askPeer, dialPeer, type NoTarget, remember, type RemoteTarget } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import { runBehind, type Shared } from "./context.ts";
import { type Probe, ProbePlan } from "./probe_plan.ts";

/** Pauses between two looks at what is due, in milliseconds: where something was, and where nothing was. */
const LOOK_MS = { soon: 50, later: 500 };
/** How long nothing is asked when this machine has no sockets or ports left, in milliseconds. */
const LOCAL_MS = 2000;

type Found = Pick<RemoteTarget, "answer" | "connection">;

/** Runs as long as cluster ports are in use; see {@link ProbePlan}. */
export class Prober {
  readonly #plan: ProbePlan;
  #cancel: (() => void) | undefined;

  constructor(private readonly context: Shared) {
    this.#plan = new ProbePlan(context.memory);
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
    const probes = this.#plan.next(context.peers.names, context.now());
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

  async #ask({ host, port }: Probe): Promise<void> {
    const { context } = this;
    const { memory, now } = context;
    const address = context.peers.address(host);
    if (!address) return memory.noteDown(host, "silent", now()); // Its name has no address.
    const found = await context.metrics.asking("probe", host, this.#talk(address, port));
    if (found.answer === "local") this.#plan.hold(now() + LOCAL_MS);
    if (found.answer !== "ok") return remember(context, host, port, found);
    if (port === undefined) {
      found.connection.close();
      return memory.noteUp(host, now());
    }
    found.connection.reset();
    memory.note(host, port, "ok", now());
  }

  /** The answer of the proxy at `address`; without `port`, whether it is there. */
  async #talk(address: HostAddress, port: number | undefined): Promise<Found | NoTarget> {
    const { engine, conf } = this.context;
    const timeoutMs = conf.connectSeconds * 1000;
    const line = await dialPeer(engine, address, timeoutMs);
    if ("answer" in line) return line;
    if (port === undefined) return { answer: "ok", connection: line.connection };
    return await askPeer(engine, line, port, timeoutMs, true);
  }
}
