/** Two connections joined: a flow each way, and what the end of one means for the other. */
import type { RelayEnd, RelayOwner, RelayProgress, RelayStart } from "../engine.ts";
import type { Opening } from "../opening.ts";
import type { Driver, LinuxConnection } from "./connection.ts";
import { LateReset } from "./late_reset.ts";
import { Flow, type FlowMeans, type FlowOwner } from "./flow.ts";

/** Passes bytes both ways until both ends are done, then closes both and tells `owner`. */
export class Relay implements Driver, FlowOwner, RelayProgress {
  readonly #up: Flow;
  readonly #down: Flow;
  readonly #means: FlowMeans;
  readonly #idleMs: number;
  #over = false;
  #lastMs = 0;
  #stopIdling: (() => void) | undefined;
  #stopPatience: (() => void) | undefined;

  constructor(
    private readonly client: LinuxConnection,
    private readonly target: LinuxConnection,
    start: RelayStart,
    means: FlowMeans,
    private readonly owner: RelayOwner,
  ) {
    this.#means = means;
    this.#up = new Flow(client, target, this, means);
    this.#down = new Flow(target, client, this, means);
    this.#idleMs = start.idleMs ?? 0;
    if (client.open && target.open) this.#begin(start);
    else this.#finish("closed");
  }

  get toTarget(): number {
    return this.#up.count;
  }

  get toClient(): number {
    return this.#down.count;
  }

  #begin(start: RelayStart): void {
    const { client, target } = this;
    client.driver = this;
    target.driver = this;
    this.#watchIdling();
    if (start.toTarget) this.#up.send(start.toTarget);
    if (start.toClient) this.#down.send(start.toClient);
    if (start.opening) this.#open(start.opening);
    this.#pump(this.#up);
    this.#down.pump();
    this.#endIfGone(client);
    this.#endIfGone(target);
  }

  ready(connection: LinuxConnection, writable: boolean): void {
    const [outgoing, incoming] = connection === this.client
      ? [this.#down, this.#up]
      : [this.#up, this.#down];
    if (writable) outgoing.pump();
    if (connection.readable) this.#pump(incoming);
    this.#endIfGone(connection);
  }

  closed(): void {
    this.#finish("closed");
  }

  passed(): void {
    if (this.#idleMs > 0) this.#lastMs = Math.max(this.#lastMs, this.#means.loop.now);
  }

  sourceEnded(flow: Flow): void {
    if (this.#up.done && this.#down.done) return this.#finish("closed");
    // A sink that is gone by now has nothing to be told.
    flow.sink.endWriting();
    this.#endIfGone(flow.source);
  }

  sourceBroke(flow: Flow): void {
    this.#finish(resetBy(flow === this.#up));
  }

  /** It may have sent something before: the other direction runs to its end. */
  sinkBroke(flow: Flow): void {
    const other = flow === this.#up ? this.#down : this.#up;
    if (other.done) return this.#finish(flow.sink.ended ? resetBy(other === this.#up) : "closed");
    flow.sink.readable = true;
    this.#means.loop.defer(other);
  }

  /**
   * Someone who ended its direction, and was not told of an end itself, hangs up only by a reset:
   * then it waits for nothing that the other side may say.
   */
  #endIfGone(connection: LinuxConnection): void {
    if (this.#over || !connection.hungUp || connection.shut) return;
    const incoming = connection === this.client ? this.#up : this.#down;
    if (incoming.done && connection.ended) this.sourceBroke(incoming);
  }

  /** What comes in an opening starts its patience anew. */
  #pump(flow: Flow): void {
    const { opening } = flow;
    flow.pump();
    if (opening && !this.#over) this.#wait(opening);
  }

  #open(opening: Opening): void {
    this.#up.opening = opening;
    this.#up.send(opening.start());
    if (opening.done) this.#up.opening = undefined;
  }

  /** Calls the opening when nothing comes for as long as it has patience. */
  #wait(opening: Opening): void {
    this.#stopPatience?.();
    this.#stopPatience = undefined;
    const { patienceMs } = opening;
    if (patienceMs === undefined) return;
    this.#stopPatience = this.#means.loop.after(patienceMs, () => {
      this.#stopPatience = undefined;
      if (this.#over) return;
      this.#up.send(opening.expire());
      if (opening.done) this.#up.opening = undefined;
      else this.#wait(opening);
      this.#up.pump();
    });
  }

  #watchIdling(): void {
    const { loop } = this.#means;
    if (this.#idleMs <= 0) return;
    this.#lastMs = performance.now();
    const look = () => {
      const leftMs = this.#lastMs + this.#idleMs - performance.now();
      if (leftMs <= 0) this.#finish("idle");
      else this.#stopIdling = loop.after(leftMs, look);
    };
    this.#stopIdling = loop.after(this.#idleMs, look);
  }

  /** Closes both; a reset of one end is passed on to the other, after what was sent there before. */
  #finish(end: RelayEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopIdling?.();
    this.#stopPatience?.();
    this.#up.stop();
    this.#down.stop();
    const { client, target } = this;
    const told = end === "reset by client"
      ? target
      : end === "reset by target"
      ? client
      : undefined;
    if (told?.open && !told.hungUp && told.undelivered > 0) {
      (told === client ? target : client).close();
      new LateReset(told, this.#means.loop, () => this.#tell(end));
      return;
    }
    told?.reset();
    client.close();
    target.close();
    this.#tell(end);
  }

  #tell(end: RelayEnd): void {
    this.#means.loop.calls();
    this.owner.relayEnded({ toTarget: this.toTarget, toClient: this.toClient, end });
  }
}

function resetBy(client: boolean): RelayEnd {
  return client ? "reset by client" : "reset by target";
}
