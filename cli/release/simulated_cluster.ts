/** A cluster under a release, for property tests: project, hosts, daemons and pods, tick by tick. */
import type { PodState } from "../../podc/mod.ts";
import {
  NOTHING_KNOWN,
  type ReleaseMemory,
  type ReleaseOptions,
  type ReleaseView,
  type Replica,
  type Step,
} from "./model.ts";
import { planRelease } from "./plan.ts";

/** Milliseconds of one tick. */
export const TICK = 500;

export type Trouble =
  /** sns is killed, and started again at once. */
  | { readonly at: number; readonly kind: "kill" }
  /** The host is gone: nothing there runs or answers. */
  | { readonly at: number; readonly kind: "lost"; readonly host: number }
  /** The host answers, but nobody acts there any more. */
  | { readonly at: number; readonly kind: "daemon"; readonly host: number }
  /** The new version ends on this host. */
  | { readonly at: number; readonly kind: "dies"; readonly host: number };

export interface Scenario {
  readonly hosts: number;
  /** Ticks from a start to readiness of the new version on each host; `undefined`: never. */
  readonly readyAfter: readonly (number | undefined)[];
  /** Ticks that each host's daemon takes to notice. */
  readonly daemonLag: readonly number[];
  /** Ticks for which connections to the old version stay open. */
  readonly connectionTicks: number;
  readonly troubles: readonly Trouble[];
}

type Version = "old" | "new";
interface Entry {
  state: PodState;
  parked: boolean;
}
interface Pod {
  startedAt?: number;
  ready: boolean;
  routed: boolean;
  starts: number;
  closedAt?: number;
  /** Since when its daemon means to give it traffic. */
  openSince?: number;
}

/** Ticks by which traffic comes later than it goes: the worst order in which daemons may act. */
const OPENING = 5;

class SimulatedHost {
  readonly synced = new Map<Version, Entry>();
  readonly pods: Record<Version, Pod> = {
    old: { ready: true, routed: true, starts: 1, startedAt: -100 },
    new: { ready: false, routed: false, starts: 0 },
  };
  lost = false;
  daemon = true;
  /** What the daemon has still to notice, by the tick. */
  pending: { at: number; copy: Map<Version, Entry> }[] = [];
  acted = new Map<Version, Entry>();
  dead = new Set<Version>();
}

/** Runs a release of `new` over `old` until it ends, and checks traffic at each tick. */
export class SimulatedCluster {
  readonly hosts: SimulatedHost[];
  /** What is committed: entries by host, and whether the release is on the way back. */
  project: Map<Version, Entry>[];
  back = false;
  tick = 0;
  /** Ticks at which nobody served. */
  readonly gaps: number[] = [];
  #memory: ReleaseMemory = NOTHING_KNOWN;
  #synced = false;

  constructor(readonly scenario: Scenario, readonly options: ReleaseOptions) {
    this.hosts = Array.from({ length: scenario.hosts }, () => new SimulatedHost());
    this.project = this.hosts.map(() =>
      new Map([["old", { state: "running", parked: false } as Entry]])
    );
    for (const host of this.hosts) {
      host.synced.set("old", { state: "running", parked: false });
      host.acted = new Map(host.synced);
    }
  }

  /** How it ended; `undefined` when it goes on after `limit` ticks. */
  run(limit: number): "new" | "old" | "stuck" | undefined {
    while (this.tick < limit) {
      this.#world();
      const step = this.#decide();
      if (step.kind === "write") this.#write(step.changes);
      else if (step.kind === "sync") this.#sync();
      else if (step.kind === "done") return this.back ? "old" : "new";
      else if (step.kind === "fail") {
        if (this.back) return "stuck";
        this.#turnBack();
      }
      this.tick++;
    }
    return undefined;
  }

  #decide(): Step {
    const { mode } = this.options;
    const options = this.back
      ? { ...this.options, lenient: true, settleMs: 0, mode }
      : this.options;
    const { step, memory } = planRelease(this.view(), this.#memory, this.tick * TICK, options);
    this.#memory = memory;
    return step;
  }

  #turnBack(): void {
    this.back = true;
    this.#memory = NOTHING_KNOWN;
  }

  view(): ReleaseView {
    const replicas = this.hosts.flatMap((host, index) =>
      (["old", "new"] as const).map((version): Replica => {
        const entry = this.project[index]!.get(version);
        const pod = host.pods[version];
        return {
          host: `h${index}`,
          pod: "web",
          version,
          wanted: (version === "new") !== this.back,
          present: entry !== undefined,
          state: entry?.state ?? "removed",
          parked: entry?.parked ?? false,
          ...(host.lost ? {} : {
            live: {
              ready: pod.ready,
              starts: pod.starts,
              down: pod.startedAt === undefined,
              routed: pod.routed ? "all" : "none",
              connections: this.#connections(pod),
            },
          }),
        };
      })
    );
    return { replicas, synced: this.#synced };
  }

  #connections(pod: Pod): number {
    if (pod.routed) return 3;
    if (pod.closedAt === undefined) return 0;
    return this.tick - pod.closedAt < this.scenario.connectionTicks ? 1 : 0;
  }

  #write(
    changes: readonly { host: string; version: string; state?: PodState; parked?: boolean }[],
  ) {
    this.project = this.project.map((entries) => new Map(entries));
    for (const { host, version, state, parked } of changes) {
      const entries = this.project[Number(host.slice(1))]!;
      const before = entries.get(version as Version) ?? { state: "removed", parked: false };
      entries.set(version as Version, {
        state: state ?? before.state,
        parked: parked ?? before.parked,
      });
    }
    this.#synced = false;
  }

  #sync(): void {
    const lost = this.hosts.some((host) => host.lost);
    if (lost && !this.back) return this.#turnBack();
    this.hosts.forEach((host, index) => {
      if (host.lost) return;
      const copy = new Map(this.project[index]);
      host.synced.clear();
      for (const [version, entry] of copy) host.synced.set(version, entry);
      host.pending.push({ at: this.tick + this.scenario.daemonLag[index]!, copy });
    });
    this.#synced = true;
  }

  /** One tick of everything that is not sns. */
  #world(): void {
    for (const trouble of this.scenario.troubles) {
      if (trouble.at !== this.tick) continue;
      if (trouble.kind === "kill") {
        this.#memory = NOTHING_KNOWN;
        this.#synced = false;
        continue;
      }
      const host = this.hosts[trouble.host % this.hosts.length]!;
      if (trouble.kind === "lost") host.lost = true;
      else if (trouble.kind === "daemon") host.daemon = false;
      else host.dead.add("new");
    }
    this.hosts.forEach((host, index) => this.#host(host, index));
    const served = this.hosts.some((host) =>
      !host.lost && Object.values(host.pods).some(({ ready, routed }) => ready && routed)
    );
    if (!served) this.gaps.push(this.tick);
  }

  #host(host: SimulatedHost, index: number): void {
    if (host.lost) return;
    while (host.daemon && host.pending[0] !== undefined && host.pending[0].at <= this.tick) {
      host.acted = host.pending.shift()!.copy;
    }
    for (const version of ["old", "new"] as const) {
      const pod = host.pods[version];
      const entry = host.acted.get(version) ?? { state: "removed", parked: false };
      if (host.daemon && entry.state === "running" && pod.startedAt === undefined) {
        pod.startedAt = this.tick;
        pod.starts++;
      }
      const after = version === "old" ? 2 : this.scenario.readyAfter[index];
      pod.ready = pod.startedAt !== undefined && after !== undefined &&
        this.tick - pod.startedAt >= after && !host.dead.has(version);
      if (!host.daemon) continue;
      const open = entry.state === "running" && !entry.parked && pod.ready;
      if (!open) delete pod.openSince;
      else pod.openSince ??= this.tick;
      const routed = open && (pod.routed || this.tick - pod.openSince! >= OPENING);
      if (pod.routed && !routed) pod.closedAt = this.tick;
      pod.routed = routed;
      if (entry.state !== "running" && pod.startedAt !== undefined) {
        delete pod.startedAt;
        pod.ready = false;
      }
    }
  }
}
