/** What containers and executables have in common. */
import type { RestartPolicy, Unit } from "../pod_spec.ts";
import { nearest } from "../nearest.ts";
import { show } from "../reporter.ts";
import { type Draft, optional } from "../schema/object.ts";
import { alternatives, integer, refuse, scalar } from "../schema/scalars.ts";
import type { Context } from "./context.ts";
import { PROBE_FIELDS, type STARTUP_PROBE_FIELD, toProbe, toStartupProbe } from "./probes.ts";
import { SIGNAL_FIELD, signalName, toSignal } from "./signal.ts";

const POLICIES = ["always", "on-failure", "on-config", "never"] as const;
const WORDS = [...POLICIES, "on-interval:<seconds>"];

/** `restart` as it is written: a policy, and behind on-interval the seconds. */
const RESTART = scalar<string>(
  { type: "string", pattern: `^(${POLICIES.join("|")}|on-interval:[1-9][0-9]*)$` },
  (value) => {
    if (POLICIES.some((each) => each === value)) return value;
    if (/^on-interval:0*[1-9][0-9]{0,8}$/.test(value)) return value;
    const near = nearest(value.replace(/:.*$/s, ""), [...POLICIES, "on-interval"]);
    return refuse(
      `is ${show(value)}, but must be ${alternatives(WORDS)}`,
      near === undefined
        ? undefined
        : near === "on-interval"
        ? "give it the seconds between two runs, such as on-interval:3600"
        : `did you mean ${near}?`,
    );
  },
);

/** The keys of both. */
export const UNIT_FIELDS = {
  restart: optional(
    RESTART,
    "Start it again when it ends: always, on-failure, on-config (when a config has changed), " +
      "on-interval:<seconds> (that long after each end) or never (the default)",
    "on-failure",
  ),
  signal: SIGNAL_FIELD,
  ...PROBE_FIELDS,
  stopTimeout: optional(
    integer(0, 86_400, "seconds"),
    "Seconds between asking it to stop and killing it; 10",
    30,
  ),
  stopSignal: optional(signalName, "Signal that asks it to stop; TERM", "QUIT"),
};

export type UnitDraft = Draft<
  typeof UNIT_FIELDS & { readonly startupProbe: typeof STARTUP_PROBE_FIELD }
>;

/** What the keys of both say. */
export function toUnitParts(
  fields: UnitDraft,
  context: Context,
): Omit<Unit, "name" | "env" | "expose"> {
  const [policy = "never", seconds] = fields.restart?.value?.split(":") ?? [];
  const signal = toSignal(fields.signal, context);
  const startupProbe = toStartupProbe(fields.startupProbe, context);
  const readinessProbe = toProbe(fields.readinessProbe, context);
  const livenessProbe = toProbe(fields.livenessProbe, context);
  const stopTimeoutSeconds = fields.stopTimeout?.value;
  const stopSignal = fields.stopSignal?.value;
  return {
    restart: policy as RestartPolicy,
    ...(seconds === undefined ? {} : { intervalSeconds: Number(seconds) }),
    ...(signal && { signal }),
    ...(startupProbe && { startupProbe }),
    ...(readinessProbe && { readinessProbe }),
    ...(livenessProbe && { livenessProbe }),
    ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
  };
}
