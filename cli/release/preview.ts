/** What a release is going to do: the plan, carried out in a world where all goes well. Pure. */
import {
  NOTHING_KNOWN,
  type Phase,
  type ReleaseOptions,
  type ReleaseView,
  type Replica,
} from "./model.ts";
import { planRelease, replicaName } from "./plan.ts";

/** One phase: what changes where, and what is waited for then. */
export interface PhasePlan {
  readonly phase: Phase;
  readonly hosts: readonly string[];
  /** A sentence for people. */
  readonly text: string;
}

const LIMIT = 200;

/** The phases that are still to come, in their order. */
export function previewRelease(view: ReleaseView, options: ReleaseOptions): PhasePlan[] {
  const phases: PhasePlan[] = [];
  let world = view;
  let memory = NOTHING_KNOWN;
  for (let now = 0, turn = 0; turn < LIMIT; turn++) {
    const planned = planRelease(world, memory, now, options);
    memory = planned.memory;
    const { step } = planned;
    if (step.kind === "done" || step.kind === "fail") break;
    if (step.kind === "wait") now += options.settleMs + 1_000;
    else if (step.kind === "sync") world = well({ ...world, synced: true });
    else {
      phases.push(describePhase(step.phase, step.changes, world, options));
      world = {
        ...world,
        synced: false,
        replicas: world.replicas.map((replica) => {
          const name = replicaName(replica);
          const to = step.changes.find((change) => replicaName(change) === name);
          if (to === undefined) return replica;
          const { state = replica.state, parked = replica.parked } = to;
          return { ...replica, present: true, state, parked };
        }),
        ...(world.ingress && step.phase === "switch"
          ? { ingress: { due: false, current: false } }
          : {}),
      };
    }
  }
  return phases;
}

/** Everything as the project says. */
function well(view: ReleaseView): ReleaseView {
  return {
    ...view,
    ...(view.ingress ? { ingress: { ...view.ingress, current: true } } : {}),
    replicas: view.replicas.map((replica): Replica => {
      const running = replica.state === "running";
      return {
        ...replica,
        live: {
          ready: running,
          starts: 1,
          down: !running,
          routed: running && !replica.parked ? "all" : "none",
          connections: 0,
        },
      };
    }),
  };
}

function describePhase(
  phase: Phase,
  changes: readonly { readonly host: string; readonly pod: string; readonly version: string }[],
  { replicas }: ReleaseView,
  { timeoutMs, drainMs, mode }: ReleaseOptions,
): PhasePlan {
  const hosts = [...new Set(changes.map(({ host }) => host))].sort();
  const pods = (list: readonly { pod: string; version: string }[]) =>
    [...new Set(list.map(({ pod, version }) => `${pod}:${version}`))].join(", ");
  const changed = pods(changes);
  const wanted = replicas.filter((each) => each.wanted);
  const isWanted = (change: Parameters<typeof replicaName>[0]) =>
    wanted.some((each) => replicaName(each) === replicaName(change));
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  const text: Record<Phase, string> = {
    deliver: mode === "safe"
      ? `start ${changed}; all of them have to be ready within ${seconds(timeoutMs)}`
      : `start ${changed} without traffic; all of them have to be ready within ${
        seconds(timeoutMs)
      }`,
    open: `give ${changed} its traffic`,
    switch: "let the ingress send its requests to the new version, and wait until it does",
    close: `${changed} gets no new connections; those that it has get ${seconds(drainMs)} to end`,
    stop: `remove ${changed}, and wait until it has ended`,
    retire: `remove ${changed}`,
    replace: `start ${pods(changes.filter(isWanted)) || "nothing"} and remove ${
      pods(changes.filter((each) => !isWanted(each))) || "nothing"
    } at once`,
  };
  return { phase, hosts, text: text[phase] };
}
