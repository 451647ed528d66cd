/** What containers and executables have in common. */
import type { RestartPolicy } from "../pod_spec.ts";
import { optional } from "../schema/object.ts";
import { alternatives, refuse, scalar } from "../schema/scalars.ts";
import { nearest } from "../nearest.ts";
import { show } from "../reporter.ts";

const POLICIES: readonly RestartPolicy[] = ["always", "on-failure", "never"];

/** `restart`: when a unit that has ended is started again. */
export const RESTART = optional(
  scalar<RestartPolicy>({ enum: POLICIES }, (value) => {
    const policy = POLICIES.find((each) => each === value);
    if (policy) return policy;
    if (/^on-config$|^on-interval(:[0-9]+)?$/.test(value)) {
      return refuse(`${value} is not supported yet in this version`);
    }
    const near = nearest(value.replace(/:.*$/, ""), POLICIES);
    return refuse(
      `is ${show(value)}, but must be ${alternatives(POLICIES)}`,
      near === undefined ? undefined : `did you mean ${near}?`,
    );
  }),
  "Start it again when it ends: always, on-failure or never (the default)",
);

/** Keys of the reference that both kinds of unit will have. */
export const LATER_UNIT_KEYS = [
  "signal",
  "startupProbe",
  "readinessProbe",
  "livenessProbe",
  "stopTimeout",
  "stopSignal",
] as const;
