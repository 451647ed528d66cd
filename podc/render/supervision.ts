/** How a unit is started, probed, told and ended: its part of `spec_<unit>`, and its commands. */
import type { Probe, Signal, Unit } from "../spec/pod_spec.ts";
import { assign, commandLine, shellFunction } from "./shell.ts";

/** What the runtime's supervisor reads of a unit. */
export function supervisionLines(unit: Unit): string[] {
  const { startupProbe, signal } = unit;
  return [
    assign("interval", String(unit.intervalSeconds ?? 0)),
    assign("startup", startupProbe?.check.kind ?? "none"),
    assign("startup_timeout", String(startupProbe?.timeoutSeconds ?? 0)),
    assign("startup_signals", (startupProbe?.signals ?? []).join(" ")),
    assign("readiness", probeText(unit.readinessProbe)),
    assign("liveness", probeText(unit.livenessProbe)),
    assign("signal", signal === undefined ? "" : signalText(signal)),
  ];
}

/** The commands of a unit's probes and signal, each a function of the script. */
export function supervisionFunctions(unit: Unit): string[] {
  const { startupProbe, readinessProbe, livenessProbe, signal } = unit;
  const commands: [string, readonly string[] | undefined][] = [
    ["startup", startupProbe?.check.kind === "cmd" ? startupProbe.check.argv : undefined],
    ["readiness", readinessProbe?.argv],
    ["liveness", livenessProbe?.argv],
    ["tell", signal?.kind === "cmd" ? signal.argv : undefined],
  ];
  return commands.flatMap(([kind, argv]) =>
    argv === undefined
      ? []
      : [shellFunction(`${kind}_${unit.name}`, "", [`in_unit ${unit.name} ${commandLine(argv)}`])]
  );
}

/** `timeout interval delay threshold`, in seconds. */
function probeText(probe: Probe | undefined): string {
  if (probe === undefined) return "";
  const { timeoutSeconds, intervalSeconds, initialDelaySeconds, failureThreshold } = probe;
  return [timeoutSeconds, intervalSeconds, initialDelaySeconds, failureThreshold].join(" ");
}

function signalText(signal: Signal): string {
  return signal.kind === "sig" ? `sig ${signal.name}` : "cmd";
}
