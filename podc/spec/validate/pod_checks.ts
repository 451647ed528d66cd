/** What concerns several containers of a pod. */
import { nearest } from "../nearest.ts";
import { type Reporter, show } from "../reporter.ts";
import type { Found } from "../schema/schema.ts";
import { type ContainerDraft, exposeDrafts } from "./container.ts";

/** Reports startup signals to nobody, and to containers that do nothing on one. */
export function checkStartupSignals(drafts: readonly ContainerDraft[], reporter: Reporter): void {
  const targets = new Map(drafts.flatMap((draft) => {
    const name = draft.fields.name?.value;
    return name === undefined ? [] : [[name, draft] as const];
  }));
  for (const { fields } of drafts) {
    for (const container of startupTargets(fields)) {
      if (container.value === undefined) continue;
      const target = targets.get(container.value);
      if (!target) {
        const near = nearest(container.value, targets.keys());
        reporter.error(
          container.at,
          `there is no container ${show(container.value)} to signal`,
          near === undefined ? undefined : `did you mean ${near}?`,
        );
      } else if (!reactsToSignals(target)) {
        reporter.warning(
          container.at,
          `container ${container.value} does nothing when it is signalled`,
          "give it a signal, or restart: on-config or on-interval",
        );
      }
    }
  }
}

/** The names of all containers that are signalled when one has started. */
export function signalledBy(drafts: readonly ContainerDraft[]): Set<string> {
  const targets = drafts.flatMap(({ fields }) => startupTargets(fields));
  return new Set(targets.flatMap(({ value }) => value ?? []));
}

function startupTargets({ startupProbe }: ContainerDraft["fields"]): Found<string>[] {
  const entries = startupProbe?.value?.fields.signal?.value ?? [];
  return entries.flatMap(({ value }) => value?.fields.container ?? []);
}

function reactsToSignals({ fields: { signal, restart } }: ContainerDraft): boolean {
  if (signal || (restart && restart.value === undefined)) return true;
  return /^on-(config|interval)/.test(restart?.value ?? "");
}

/** Readiness opens and closes the way to a pod's ports; without ports nothing waits for it. */
export function warnOfUnseenReadiness(
  drafts: readonly ContainerDraft[],
  reporter: Reporter,
): void {
  const probe = drafts.map(({ fields }) => fields.readinessProbe).find((found) => found);
  const reachable = drafts.some((draft) =>
    draft.fields.network?.value === "host" ||
    exposeDrafts(draft).some(({ fields }) => fields.hostPort || fields.clusterPort)
  );
  if (!probe || reachable) return;
  reporter.warning(
    probe.key,
    "readinessProbe in a pod that exposes no port: there is no traffic that waits for it",
    "expose a port, or take a livenessProbe if it is to be restarted",
  );
}
