/** What is legal for a container or executable, but surely not what was wanted. */
import type { Reporter } from "../reporter.ts";
import type { UnitDraft } from "./unit.ts";

/** @param isTold whether a config or another container can ever start an on-config unit again */
export function warnOfUnit(fields: UnitDraft, isTold: boolean, reporter: Reporter): void {
  const { restart, livenessProbe, startupProbe } = fields;
  const policy = restart?.value ?? (restart ? undefined : "never");
  if (livenessProbe && policy === "never") {
    reporter.warning(
      livenessProbe.key,
      "a livenessProbe that fails stops it, and with restart never it is not started again",
      "add restart: always",
    );
  }
  if (startupProbe?.value?.fields.exit?.value && policy === "always") {
    reporter.warning(
      startupProbe.value.fields.exit.key,
      "exit: true waits for its end, after which restart always starts it again at once",
      "take restart: on-failure",
    );
  }
  if (restart && policy === "on-config" && !isTold) {
    reporter.warning(
      restart.at,
      "restart on-config without any config: nothing ever starts it again",
      "mount a volume of type config",
    );
  }
}
