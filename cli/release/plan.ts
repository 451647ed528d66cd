/**
 * Decides what a release does next. Pure: what the project and the hosts say in, one step out. All
 * progress is in the project and on the hosts, so a killed release goes on where it stopped, and the
 * way back is the same plan with the old version as the wanted one.
 *
 * The order keeps traffic alive at every moment: nothing gets traffic before all wanted replicas are
 * ready, nothing loses it before all wanted ones have it, and nothing ends before its connections did
 * or had their time.
 */
import type {
  Change,
  Phase,
  ReleaseMemory,
  ReleaseOptions,
  ReleaseView,
  Replica,
  Step,
  Waiting,
} from "./model.ts";

/** A host without an answer for this long (ms) is lost. */
export const LOST_AFTER = 10_000;
/** Daemons and load balancers that are well take a change over within this time (ms). */
export const FOLLOW_WITHIN = 30_000;
/** From the last route's end until no proxy makes new connections any more (ms). */
export const ROUTES_SETTLE = 700;

export interface Planned {
  readonly step: Step;
  readonly memory: ReleaseMemory;
}

/** `pod:version@host`. */
export function replicaName({ pod, version, host }: Pick<Replica, "pod" | "version" | "host">) {
  return `${pod}:${version}@${host}`;
}

/**
 * The next step.
 *
 * @param now milliseconds on a clock that never jumps
 */
export function planRelease(
  view: ReleaseView,
  memory: ReleaseMemory,
  now: number,
  options: ReleaseOptions,
): Planned {
  const planner = new Planner(view, follow(view, memory, now), now, options);
  const step = planner[options.mode]();
  // A new phase has its own time; on the way back nothing is waited for twice.
  const fresh = step.kind === "write" && !options.lenient;
  return { step, memory: fresh ? { ...planner.memory, waits: new Map() } : planner.memory };
}

/** Keeps track of hosts that don't answer, and of how long all wanted replicas are well. */
function follow({ replicas }: ReleaseView, memory: ReleaseMemory, now: number): ReleaseMemory {
  const lost = new Map<string, number>();
  for (const { host, live } of replicas) {
    if (live === undefined) lost.set(host, memory.lost.get(host) ?? now);
  }
  const wanted = replicas.filter((each) => each.wanted);
  const starts = wanted.map((each) => `${replicaName(each)}=${each.live?.starts}`).join(" ");
  const { steady: before, ...rest } = memory;
  if (!wanted.every(({ live }) => live?.ready)) return { ...rest, lost };
  const since = before?.starts === starts ? before.since : now;
  return { ...rest, lost, steady: { since, starts } };
}

/** One decision. `undefined` from a condition means that it holds. */
class Planner {
  readonly wanted: readonly Replica[];
  readonly others: readonly Replica[];

  constructor(
    readonly view: ReleaseView,
    public memory: ReleaseMemory,
    readonly now: number,
    readonly options: ReleaseOptions,
  ) {
    this.wanted = view.replicas.filter(({ wanted }) => wanted);
    this.others = view.replicas.filter(({ wanted, state }) => !wanted && state === "running");
  }

  /** Both versions run for a while; traffic moves when all of the new one are ready. */
  soft(): Step {
    return this.#write("deliver", this.#notRunning(), { state: "running", parked: true }) ??
      this.#sync() ??
      this.#ready() ??
      this.#write("open", this.wanted.filter(({ parked }) => parked), { parked: false }) ??
      this.#routed() ??
      this.#ingress() ??
      this.#write("close", this.others.filter(({ parked }) => !parked), { parked: true }) ??
      this.#drained() ??
      this.#write("retire", this.others, { state: "removed" }) ??
      { kind: "done" };
  }

  /** The old version ends before the new one starts, for pods that can't run twice. */
  safe(): Step {
    return this.#write("close", this.others.filter(({ parked }) => !parked), { parked: true }) ??
      this.#sync() ??
      this.#drained() ??
      this.#write("stop", this.others, { state: "removed" }) ??
      this.#down() ??
      this.#write("deliver", this.#notServing(), { state: "running", parked: false }) ??
      this.#sync() ??
      this.#ready() ??
      this.#routed() ??
      this.#ingress() ??
      { kind: "done" };
  }

  /** Everything at once. */
  hard(): Step {
    const changes = [
      ...this.others.map((each) => change(each, { state: "removed" })),
      ...this.#notServing().map((each) => change(each, { state: "running", parked: false })),
    ];
    if (changes.length > 0) return { kind: "write", phase: "replace", changes };
    return this.#sync() ?? this.#ready() ?? this.#routed() ?? this.#ingress() ?? { kind: "done" };
  }

  #notRunning(): Replica[] {
    return this.wanted.filter(({ present, state }) => !present || state !== "running");
  }

  #notServing(): Replica[] {
    return this.wanted.filter((each) => each.state !== "running" || each.parked);
  }

  #write(phase: Phase, replicas: readonly Replica[], to: Partial<Change>): Step | undefined {
    if (replicas.length === 0) return undefined;
    return { kind: "write", phase, changes: replicas.map((each) => change(each, to)) };
  }

  #sync(): Step | undefined {
    return this.view.synced ? undefined : { kind: "sync" };
  }

  /** All wanted replicas are ready, and were so without a restart for long enough. */
  #ready(): Step | undefined {
    const { timeoutMs, settleMs, lenient } = this.options;
    const missing = this.wanted.filter(({ live }) => !live?.ready);
    const { steady, ripe } = this.memory;
    if (ripe !== undefined && !lenient) return this.#stayedReady(ripe, missing);
    if (steady !== undefined && this.now - steady.since >= settleMs) {
      this.memory = { ...this.memory, ripe: steady.starts };
      return undefined;
    }
    const lost = this.#lost(this.wanted);
    if (lenient && missing.every((each) => lost.includes(each)) && this.#someReady()) {
      return undefined;
    }
    const harmless = lenient && this.#othersIdle();
    if (harmless && this.others.length > 0) return undefined;
    const waited = this.#wait("ready", missing, lenient ? [] : lost, timeoutMs);
    if (waited.kind !== "fail" || !lenient) return waited;
    // On the way back the traffic that there is counts for more than being complete.
    return harmless || this.#someReady() ? undefined : waited;
  }

  /** Whether the others have no traffic, so that nobody misses them. */
  #othersIdle(): boolean {
    return this.others.every(({ parked, live }) =>
      parked && (live === undefined || live.routed === "none" && live.connections === 0)
    );
  }

  /** Once well, they have to stay so to the end. */
  #stayedReady(ripe: string, missing: readonly Replica[]): Step | undefined {
    const ill = missing.filter(({ live }) => live !== undefined).map(replicaName);
    if (ill.length > 0) {
      return { kind: "fail", why: `${ill.join(", ")} did not stay ready`, missing: ill };
    }
    if (missing.length > 0) {
      return this.#wait("ready", missing, this.#lost(this.wanted), this.options.timeoutMs);
    }
    if (this.memory.steady?.starts === ripe) return undefined;
    const names = this.wanted.map(replicaName);
    return { kind: "fail", why: `a container of ${names.join(", ")} ended`, missing: names };
  }

  /** Whether each pod has a wanted replica that is ready. */
  #someReady(): boolean {
    const ready = new Set(this.wanted.filter(({ live }) => live?.ready).map(({ pod }) => pod));
    return this.wanted.every(({ pod }) => ready.has(pod));
  }

  #routed(): Step | undefined {
    const sync = this.#sync();
    if (sync !== undefined) return sync;
    const missing = this.wanted.filter(({ live }) => live?.routed !== "all");
    const lost = this.#lost(this.wanted);
    const { lenient, timeoutMs } = this.options;
    const due = lenient ? missing.filter((each) => !lost.includes(each)) : missing;
    if (due.length === 0) return undefined;
    const limitMs = lenient ? Math.min(timeoutMs, FOLLOW_WITHIN) : FOLLOW_WITHIN;
    const waited = this.#wait("routed", due, lenient ? [] : lost, limitMs);
    if (!lenient) return waited;
    if (this.#othersIdle() && (this.others.length > 0 || waited.kind === "fail")) return undefined;
    if (waited.kind !== "fail") return waited;
    const served = new Set(
      this.wanted.filter(({ live }) => live?.ready && live.routed === "all").map(({ pod }) => pod),
    );
    return this.wanted.every(({ pod }) => served.has(pod)) ? undefined : waited;
  }

  #ingress(): Step | undefined {
    const { ingress } = this.view;
    if (ingress === undefined) return undefined;
    if (ingress.due) return { kind: "write", phase: "switch", changes: [] };
    const sync = this.#sync();
    if (sync !== undefined || ingress.current) return sync;
    return this.#wait("ingress", [], [], FOLLOW_WITHIN);
  }

  /** The others have neither routes nor connections, or had their time. */
  #drained(): Step | undefined {
    if (this.others.length === 0) return undefined;
    const sync = this.#sync();
    if (sync !== undefined) return sync;
    const { lenient, drainMs } = this.options;
    const lost = this.#lost(this.others);
    const asked = lenient ? this.others.filter((each) => !lost.includes(each)) : this.others;
    const routed = asked.filter(({ live }) => live?.routed !== "none");
    if (routed.length > 0) {
      const waited = this.#wait("drained", routed, lenient ? [] : lost, FOLLOW_WITHIN);
      return lenient && waited.kind === "fail" ? undefined : waited;
    }
    const busy = asked.filter(({ live }) => live?.connections !== 0);
    const waited = this.#wait("drained", busy, [], drainMs + ROUTES_SETTLE);
    if (waited.kind === "fail") return undefined;
    const waitedMs = this.now - (this.memory.waits.get(this.#waitKey("drained")) ?? this.now);
    return busy.length > 0 || waitedMs < ROUTES_SETTLE ? waited : undefined;
  }

  #down(): Step | undefined {
    const stopping = this.view.replicas.filter(({ wanted, state }) =>
      !wanted && state === "removed"
    );
    if (this.wanted.every(({ state }) => state === "running")) return undefined;
    const sync = this.#sync();
    if (sync !== undefined) return sync;
    const lost = this.#lost(stopping);
    const up = stopping.filter((each) => !each.live?.down && !lost.includes(each));
    if (up.length === 0) return undefined;
    const waited = this.#wait("down", up, [], this.options.timeoutMs);
    return this.options.lenient && waited.kind === "fail" ? undefined : waited;
  }

  #lost(replicas: readonly Replica[]): Replica[] {
    return replicas.filter(({ host, live }) => {
      const since = this.memory.lost.get(host);
      return live === undefined && since !== undefined && this.now - since >= LOST_AFTER;
    });
  }

  /** Waits on; fails when the time is over, or at once for what is lost. */
  #wait(
    what: Waiting,
    missing: readonly Replica[],
    lost: readonly Replica[],
    limitMs: number,
  ): Step {
    const names = missing.map(replicaName);
    if (lost.length > 0) {
      const hosts = [...new Set(lost.map(({ host }) => host))].join(", ");
      return { kind: "fail", why: `${hosts} gives no answer`, missing: names };
    }
    const key = this.#waitKey(what);
    const since = this.memory.waits.get(key) ?? this.now;
    this.memory = { ...this.memory, waits: new Map([...this.memory.waits, [key, since]]) };
    if (this.now - since >= limitMs) {
      return { kind: "fail", why: describeTimeout(what, names, limitMs), missing: names };
    }
    return { kind: "wait", for: what, missing: names };
  }

  /** Waiting for the routes to end and for the connections to end are measured one after the other. */
  #waitKey(what: Waiting): string {
    const routed = this.others.some(({ live }) => live !== undefined && live.routed !== "none");
    return what === "drained" && routed ? "unrouted" : what;
  }
}

function change(replica: Replica, to: Partial<Change>): Change {
  const { host, pod, version, present } = replica;
  return { host, pod, version, ...to, ...(present ? {} : { provide: true as const }) };
}

function describeTimeout(what: Waiting, names: readonly string[], limitMs: number): string {
  const seconds = `${Math.round(limitMs / 1000)} s`;
  const list = names.join(", ");
  switch (what) {
    case "ready":
      return names.length === 0
        ? `the new version did not stay ready within ${seconds}`
        : `${list} did not become ready within ${seconds}`;
    case "routed":
      return `${list} got no traffic within ${seconds}: is simplenetesd running there?`;
    case "ingress":
      return `the ingress did not take its new configuration over within ${seconds}`;
    case "drained":
      return `${list} kept its traffic for ${seconds}: is simplenetesd running there?`;
    case "down":
      return `${list} did not end within ${seconds}`;
  }
}
