/** Where clients wait for room while all targets of their cluster port are at their limit. */
import { runBehind, type Shared } from "./context.ts";
import { HOST_PORT_MS } from "./host_ports.ts";
import { dialOwn, giveBack, type Target } from "./target.ts";
import { QueueHeads } from "./thread_share.ts";
import { WaitQueue } from "./wait_queue.ts";

/** Clients that may wait for one cluster port. */
export const MAX_WAITING = 1024;
/**
 * How often the own host is looked at, in milliseconds: most releases are heard of at once, but not
 * those in other threads, nor what a reload changes.
 */
const LOOK_MS = 5;
/** How long the own host is left alone after it failed, in milliseconds. */
const HELD_MS = 20;
/**
 * Room is left to another thread whose first client has waited longer by more than this, in milliseconds,
 * for a few looks in a row: if that does not take it, something keeps it from it.
 */
const MARGIN_MS = 10;
const YIELDS = 4;
/** Pauses between two looks at the other hosts, in milliseconds: doubling from first to last. */
const PAUSE = { first: 20, last: 200 };
/** How often also those hosts are asked that lately said that they don't have the port, in milliseconds. */
const ALL_MS = 1000;

/** Those who wait for one cluster port. */
interface Line {
  readonly queue: WaitQueue<Target>;
  /** Connections to the own host under way. */
  dialling: number;
  /** The own host failed: not before this. */
  heldUntil: number;
  /** Looks in a row at which room was left to another thread. */
  yielded: number;
  looking: boolean;
  pauseMs: number;
  lookAt: number;
  allAt: number;
}

/**
 * One search for all who wait for a port, however many: what it finds goes to the one who waits longest.
 * The own host is tried as soon as it has room, the others are looked at now and then.
 */
export class WaitingRoom {
  readonly #lines = new Map<number, Line>();
  readonly #heads: QueueHeads;
  #cancel: (() => void) | undefined;

  /** @param lookAtOthers Asks the other hosts; `all`: also those that lately said no. */
  constructor(
    private readonly context: Shared,
    private readonly lookAtOthers: (port: number, all: boolean) => Promise<Target | undefined>,
  ) {
    this.#heads = new QueueHeads(context.share);
  }

  /** Whether someone waits for `port`, in whatever thread. */
  has(port: number): boolean {
    if (this.#lines.size > 0 && (this.#lines.get(port)?.queue.size ?? 0) > 0) return true;
    return this.context.share.threads > 1 && this.#heads.othersWait(port);
  }

  /** The cluster ports that someone waits for. */
  get ports(): number[] {
    return [...this.#lines].filter(([, { queue }]) => queue.size > 0).map(([port]) => port);
  }

  /** Clients waiting, for all ports. */
  get size(): number {
    let size = 0;
    for (const { queue } of this.#lines.values()) size += queue.size;
    return size;
  }

  /** Waits for a target; `undefined` when there is none before `until`, or too many wait already. */
  wait(port: number, until: number): Promise<Target | undefined> {
    const { context } = this;
    const now = context.now();
    if (context.ending || until <= now) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const line = this.#line(port, now);
      if (line.queue.join(now, until, resolve)) {
        this.#tell(port, line);
        return this.#tryOwn(port, line);
      }
      context.log.often("Too many clients wait for a cluster port", {
        clusterPort: port,
        waiting: MAX_WAITING,
      });
      resolve(undefined);
    });
  }

  /** A connection to `port` on the own host has ended. */
  released(port: number): void {
    const line = this.#lines.get(port);
    if (line) this.#tryOwn(port, line);
  }

  /** Lets all go. */
  end(): void {
    for (const [port, line] of this.#lines) {
      line.queue.end();
      this.#tell(port, line);
    }
    this.#lines.clear();
    this.#cancel?.();
  }

  #line(port: number, now: number): Line {
    let line = this.#lines.get(port);
    if (!line) {
      line = {
        queue: new WaitQueue(MAX_WAITING),
        dialling: 0,
        heldUntil: -Infinity,
        yielded: 0,
        looking: false,
        pauseMs: PAUSE.first,
        lookAt: now + PAUSE.first,
        allAt: now + ALL_MS,
      };
      this.#lines.set(port, line);
      this.#lookLater();
    }
    return line;
  }

  #lookLater(): void {
    this.#cancel ??= this.context.engine.after(LOOK_MS, () => {
      this.#cancel = undefined;
      for (const [port, line] of this.#lines) this.#look(port, line);
      if (this.#lines.size > 0) this.#lookLater();
    });
  }

  #look(port: number, line: Line): void {
    const now = this.context.now();
    line.queue.expire(now);
    this.#tell(port, line);
    if (line.queue.size === 0) {
      if (line.dialling === 0 && !line.looking) this.#lines.delete(port);
      return;
    }
    line.yielded = this.#mustYield(port, line) ? line.yielded + 1 : 0;
    this.#tryOwn(port, line);
    if (now >= line.lookAt) this.#tryOthers(port, line);
  }

  /** Lets the other threads know since when the first waits. */
  #tell(port: number, { queue: { since } }: Line): void {
    if (this.context.share.threads === 1) return;
    this.#heads.set(port, since === undefined ? undefined : this.context.now() - since);
  }

  /** Whether room belongs to someone who waits longer, in another thread. */
  #mustYield(port: number, { yielded }: Line): boolean {
    return this.context.share.threads > 1 && yielded < YIELDS &&
      this.#heads.elderWaits(port, MARGIN_MS);
  }

  /** Dials as many connections to the own host as have room and takers. */
  #tryOwn(port: number, line: Line): void {
    const { context } = this;
    if (line.heldUntil > context.now() || this.#mustYield(port, line)) return;
    while (
      line.heldUntil <= context.now() && line.dialling < line.queue.size &&
      context.table.hasRoom(port, context.now())
    ) {
      line.dialling++;
      const dialled = new Promise<void>((resolve) => {
        dialOwn(port, context, HOST_PORT_MS, (found) => {
          line.dialling--;
          if (typeof found === "string") line.heldUntil = context.now() + HELD_MS;
          else this.#hand(found, port, line);
          resolve();
        });
      });
      runBehind(context, "Cannot connect a waiting client", () => dialled);
    }
  }

  #tryOthers(port: number, line: Line): void {
    const { context } = this;
    if (line.looking) return;
    line.looking = true;
    const all = context.now() >= line.allAt;
    if (all) line.allAt = context.now() + ALL_MS;
    runBehind(context, "Cannot ask other hosts for a waiting client", async () => {
      let found: Target | undefined;
      try {
        found = await this.lookAtOthers(port, all);
      } finally {
        line.looking = false;
        line.pauseMs = found ? PAUSE.first : Math.min(line.pauseMs * 2, PAUSE.last);
        line.lookAt = context.now() + (found ? 0 : line.pauseMs);
      }
      if (!found) return;
      this.#hand(found, port, line);
      if (line.queue.size > 0) this.#tryOthers(port, line);
    });
  }

  #hand(target: Target, port: number, line: Line): void {
    if (!line.queue.give(target)) giveBack(target);
    this.#tell(port, line);
  }
}
