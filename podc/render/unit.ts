/** What the script says of a unit of either kind. */
import type { ExposedPort, Unit } from "../spec/pod_spec.ts";
import { bracketed } from "../podman/pod_create.ts";
import { assign } from "./shell.ts";
import { supervisionLines } from "./supervision.ts";

/** Seconds between a graceful stop and the kill. */
const STOP_TIMEOUT_S = 10;

export function stopTimeoutOf(unit: Unit): number {
  return unit.stopTimeoutSeconds ?? STOP_TIMEOUT_S;
}

/**
 * Seconds that ending all `units` may take: those that waited at the start for a unit with a startup probe
 * end before that one, the others side by side.
 */
export function longestStop(units: readonly Unit[]): number {
  let sum = 0;
  let longest = 0;
  for (const unit of units.toReversed()) {
    if (unit.startupProbe) {
      sum += longest;
      longest = 0;
    }
    longest = Math.max(longest, stopTimeoutOf(unit));
  }
  return sum + longest;
}

/** All ports of `units`, in order of definition. */
export function exposedPorts(units: readonly Unit[]): readonly ExposedPort[] {
  return units.flatMap(({ expose }) => expose).flatMap(({ port }) => (port ? [port] : []));
}

/** What sets a unit's data; `spec_<unit>` of the script consists of these lines. */
export interface UnitData {
  readonly image: string;
  readonly network: string;
  /** `source:dest` of each mount. */
  readonly mounts: readonly string[];
  readonly configs: readonly string[];
}

export function specLines(unit: Unit, data: UnitData): string[] {
  return [
    assign("image", data.image),
    assign("restart", unit.restart),
    assign("stop_timeout", String(stopTimeoutOf(unit))),
    ...supervisionLines(unit),
    assign("network", data.network),
    assign("ports", exposedPorts([unit]).map(portText).join(" ")),
    assign("mounts", data.mounts.join(" ")),
    assign("configs", data.configs.join(" ")),
  ];
}

/** `[interface]:hostPort:targetPort[/udp]`; an open interface is filled in by the script. */
function portText({ hostInterface = "", hostPort, targetPort, protocol }: ExposedPort): string {
  return `${bracketed(hostInterface)}:${hostPort}:${targetPort}${protocol === "udp" ? "/udp" : ""}`;
}

/** `30000->80 (cluster port 61000)` for the header. */
export function portSummary(unit: Unit): string {
  return exposedPorts([unit]).map(({ hostPort, targetPort, clusterPort, protocol }) =>
    `${hostPort}->${targetPort}${protocol === "udp" ? "/udp" : ""}${
      clusterPort === undefined ? "" : ` (cluster port ${clusterPort})`
    }`
  ).join(", ");
}

/** What a pod of either kind brings to its script. */
export interface UnitsSource {
  /** One line for the header about each unit. */
  readonly summary: readonly string[];
  /** Shell functions: `spec_<unit>`, `launch_<unit>` and, for podman, `create_podman_pod`. */
  readonly functions: readonly string[];
  /** Podman volumes, `<name> <no|pod|host>` each. */
  readonly volumes: readonly string[];
  /** Ramdisks, `<name> <MiB>` each. */
  readonly ramdisks: readonly string[];
}
