/** Counts what one thread does with connections. Cheap enough to be asked several times for each. */
import type { RelayCount, RelayProgress } from "../engine.ts";
import { BUCKETS, FAMILIES, type Family, type FamilyKey } from "./families.ts";
import { type Cell, Series } from "./series.ts";
import type { Sample } from "./snapshot.ts";

/** Why a client of a cluster port, or a proxy that asked for one, was not joined with a pod. */
export type Unserved = "no target" | "busy" | "refused" | "no request";

/** Who came: a client of a cluster port, or the proxy of another host. */
export type Side = "client" | "peer";

/** What another host said, as far as it is counted. */
interface Asked {
  readonly answer: string;
  /** Its proxy itself can't be reached. */
  readonly down?: boolean;
}

/** The families that a thread counts. */
export const MEASURED = [
  "clients",
  "peers",
  "active",
  "bytes",
  "ends",
  "asks",
  "askTime",
  "connectTime",
] as const satisfies readonly FamilyKey[];

/** A connection that was joined with a pod, as far as it is counted. */
export class Joined {
  #progress: RelayProgress | undefined;
  #toPod = 0;
  #fromPod = 0;
  #over = false;

  constructor(
    private readonly metrics: Metrics,
    private readonly side: Side,
    private readonly port: number,
    private readonly open: Cell,
  ) {}

  /** What it passes on from now on is counted whenever somebody asks. */
  follow(progress: RelayProgress): void {
    if (!this.#over) this.#progress = progress;
  }

  /** Counts what was passed on since the last time. */
  count(progress = this.#progress): void {
    if (!progress) return;
    const { toTarget, toClient } = progress;
    this.metrics.passed(this.side, this.port, toTarget - this.#toPod, toClient - this.#fromPod);
    this.#toPod = toTarget;
    this.#fromPod = toClient;
  }

  /** To be called once; with what was passed on, as far as that is known. */
  end(count?: RelayCount): void {
    this.#over = true;
    if (count) this.count(count);
    this.#progress = undefined;
    this.metrics.ended(this, this.side, this.open, count);
  }
}

/** Memory is bounded: by the limit of {@link Series}, and {@link Metrics.keep} forgets what is gone. */
export class Metrics {
  readonly #series = Object.fromEntries(MEASURED.map((key) => {
    const family: Family = FAMILIES[key];
    const width = family.type === "histogram" ? BUCKETS.length + 2 : 1;
    return [key, new Series(family.labels.length, width)];
  })) as Record<typeof MEASURED[number], Series>;

  readonly #joined = new Set<Joined>();
  #isPort = (_port: number) => true;
  #isHost = (_host: string) => true;

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(private readonly now: () => number) {}

  /** Counts someone who got no pod of `port`; empty when no port was named. */
  unserved(side: Side, port: number | "", result: Unserved): void {
    if (side === "client") add(this.#series.clients.at(port, "", result));
    else add(this.#series.peers.at(port, result));
  }

  /**
   * Counts someone who was joined with a pod of `port` on `host`: `local`, or the line of hosts.conf.
   * The caller ends it.
   */
  joined(side: Side, port: number, host: string): Joined {
    const { clients, peers, active } = this.#series;
    add(side === "client" ? clients.at(port, host, "ok") : peers.at(port, "ok"));
    const open = active.at(port, host, side);
    add(open);
    const joined = new Joined(this, side, port, open);
    this.#joined.add(joined);
    return joined;
  }

  /** For {@link Joined}: bytes were passed on. */
  passed(side: Side, port: number, toPod: number, fromPod: number): void {
    const { bytes } = this.#series;
    add(bytes.at(port, side, "to pod"), toPod);
    add(bytes.at(port, side, "from pod"), fromPod);
  }

  /** For {@link Joined}: it is over. */
  ended(joined: Joined, side: Side, open: Cell, count: RelayCount | undefined): void {
    this.#joined.delete(joined);
    add(open, -1);
    if (count) add(this.#series.ends.at(side, count.end));
  }

  /** Counts the answer of `host`, which was asked at `start`. `probe`: nobody waited for it. */
  asked(forWhom: "client" | "probe", host: string, start: number, { answer, down }: Asked): void {
    this.#measure(this.#series.askTime.at(host), start);
    add(this.#series.asks.at(host, down ? "down" : answer, forWhom));
  }

  /** Counts a connection to a pod that was begun at `start`. */
  connected(start: number): void {
    this.#measure(this.#series.connectTime.at(), start);
  }

  /** Forgets other ports and hosts from now on, but for those that still have connections. */
  keep(isPort: (port: number) => boolean, isHost: (host: string) => boolean): void {
    this.#isPort = isPort;
    this.#isHost = isHost;
    for (const key of MEASURED) this.#forget(key);
  }

  /** What is counted in one family. */
  samples(key: typeof MEASURED[number]): Sample[] {
    if (key === "bytes") { for (const joined of this.#joined) joined.count(); }
    this.#forget(key);
    return this.#series[key].samples();
  }

  #forget(key: typeof MEASURED[number]): void {
    const names: readonly string[] = FAMILIES[key].labels;
    this.#series[key].forget((labels, cell) =>
      (key !== "active" || cell[0] === 0) &&
      names.some((name, index) => {
        const label = labels[index]!;
        if (name === "cluster_port") return typeof label === "number" && !this.#isPort(label);
        return name === "host" && label !== "" && label !== "local" && !this.#isHost(`${label}`);
      })
    );
  }

  #measure(cell: Cell, start: number): void {
    const ms = this.now() - start;
    let bucket = 0;
    while (bucket < BUCKETS.length && ms > BUCKETS[bucket]! * 1000) bucket++;
    add(cell, 1, bucket);
    // Whole numbers, so that sums do not depend on their order.
    add(cell, Math.round(ms * 1000), BUCKETS.length + 1);
  }
}

function add(cell: Cell, amount = 1, index = 0): void {
  cell[index] = (cell[index] ?? 0) + amount;
}
