/** The state of all metrics at one time, as plain data: it may be sent to another thread. */
import { FAMILY_KEYS, type FamilyKey } from "./families.ts";

export type Label = string | number;

/** Numbers with their labels, in the order of the family's. */
export interface Sample {
  readonly labels: readonly Label[];
  /** One number; of a histogram that of each bucket, then the sum of all in whole microseconds. */
  readonly values: readonly number[];
}

/** Families without samples may be left out. */
export type MetricsSnapshot = { readonly [Key in FamilyKey]?: readonly Sample[] };

/** Adds up what several threads counted. Neither order nor grouping of `snapshots` matters. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const merged: { [Key in FamilyKey]?: readonly Sample[] } = {};
  for (const key of FAMILY_KEYS) {
    const samples = addUp(snapshots.flatMap((snapshot) => snapshot[key] ?? []));
    if (samples.length > 0) merged[key] = samples;
  }
  return merged;
}

function addUp(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, { labels: readonly Label[]; values: number[] }>();
  for (const { labels, values } of samples) {
    const key = JSON.stringify(labels.map(String));
    const sum = sums.get(key);
    if (sum) values.forEach((value, index) => sum.values[index] = (sum.values[index] ?? 0) + value);
    else sums.set(key, { labels, values: [...values] });
  }
  return [...sums.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** Numbers by size before texts, so that ports stand in their order. */
function compareLabels(a: readonly Label[], b: readonly Label[]): number {
  for (const [index, label] of a.entries()) {
    const other = b[index] ?? "";
    if (label === other) continue;
    if (typeof label === typeof other) return label < other ? -1 : 1;
    return typeof label === "number" ? -1 : 1;
  }
  return 0;
}
