/** What a release tells while it goes on: lines for people, or one JSON object per line. */
import type { Deps } from "../deps.ts";
import { describeOperation, type Operation } from "../sync/operation.ts";
import type { Phase, ReleaseMode, Waiting } from "./model.ts";
import type { PhasePlan } from "./preview.ts";
import { formatReceipt, type Receipt } from "./receipt.ts";

export interface PlanEvent {
  readonly event: "plan";
  readonly target: string;
  readonly mode: ReleaseMode;
  /** `pod:version@host` of all that will run, and of all that will go. */
  readonly runs: readonly string[];
  readonly goes: readonly string[];
  readonly phases: readonly PhasePlan[];
  /** What the hosts lack of the project already, and get with the first phase. */
  readonly pending: readonly { readonly host: string; readonly operations: readonly Operation[] }[];
  /** Paths that the last commit changes; of a rollback of the cluster. */
  readonly changes?: readonly string[];
  /** It goes on with an interrupted release. */
  readonly resumed: boolean;
  /** It goes back to what was before. */
  readonly back: boolean;
}

export type ReleaseEvent =
  | PlanEvent
  | {
    readonly event: "phase";
    readonly phase: Phase | "finish";
    readonly back: boolean;
    readonly text: string;
    readonly commit: string;
  }
  | { readonly event: "waiting"; readonly for: Waiting; readonly missing: readonly string[] }
  | {
    readonly event: "failed";
    readonly why: string;
    readonly logs?: Readonly<Record<string, string>>;
  }
  | ({ readonly event: "receipt" } & Receipt)
  | {
    readonly event: "end";
    /** `restored`: as before; `stuck`: in between, see `why`. */
    readonly result: "released" | "restored" | "stuck";
    readonly target: string;
    readonly ms: number;
    /** Milliseconds of each phase, with all that was waited for in it. */
    readonly phases: readonly { readonly phase: string; readonly ms: number }[];
    readonly why?: string;
  };

export type Tell = (event: ReleaseEvent) => void;

/** As JSON, one object per line on stdout. */
export function tellJson({ stdout }: Pick<Deps, "stdout">): Tell {
  return (event) => stdout(`${JSON.stringify(event)}\n`);
}

/** For people: the plan and the receipt on stdout, the rest on stderr. */
export function tellText({ stdout, log }: Pick<Deps, "stdout" | "log">): Tell {
  let waiting = "";
  return (event) => {
    if (event.event !== "waiting") waiting = "";
    switch (event.event) {
      case "plan":
        return stdout(formatPlan(event));
      case "phase":
        return log.info(`${event.back ? "back, " : ""}${event.phase}: ${event.text}`);
      case "waiting": {
        const text = `waiting until ${WAITING[event.for]}` +
          (event.missing.length === 0 ? "" : `: ${event.missing.join(", ")}`);
        if (text !== waiting) log.info(text);
        waiting = text;
        return;
      }
      case "failed":
        log.error(event.why);
        for (const [name, text] of Object.entries(event.logs ?? {})) {
          log.info(`what ${name} wrote last:\n${text.trimEnd()}`);
        }
        return;
      case "receipt":
        return stdout(`${formatReceipt(event)}\n`);
      case "end": {
        const times = event.phases.map(({ phase, ms }) => `${phase} ${seconds(ms)}`).join(", ");
        const took = `in ${seconds(event.ms)}` + (times === "" ? "" : ` (${times})`);
        if (event.result === "released") log.ok(`Released ${event.target} ${took}`);
        else if (event.result === "restored") {
          log.error(`${event.target} was not released, all is as before: ${event.why}`);
        } else log.error(event.why ?? `${event.target} is not released`);
      }
    }
  };
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

const WAITING: Readonly<Record<Waiting, string>> = {
  ready: "all are ready, and stay so",
  routed: "traffic reaches the new version",
  ingress: "the ingress has its new configuration",
  drained: "the connections have ended",
  down: "the old version has ended",
};

/** The plan for people. */
export function formatPlan(plan: PlanEvent): string {
  const lines = [
    `${
      plan.back ? "Go back from" : plan.resumed ? "Go on with" : "Release"
    } ${plan.target} (${plan.mode})`,
    `  runs then: ${plan.runs.join(", ") || "nothing"}`,
    `  goes: ${plan.goes.join(", ") || "nothing"}`,
    ...plan.phases.map(({ phase, hosts, text }) =>
      `  ${phase.padEnd(8)}${hosts.length === 0 ? "" : `${hosts.join(", ")}: `}${text}`
    ),
    ...(plan.changes ?? []).map((path) => `  changes ${path}`),
    ...plan.pending.flatMap(({ host, operations }) => [
      `  ${host} gets what was committed before:`,
      ...operations.map((operation) => `    ${describeOperation(operation)}`),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
