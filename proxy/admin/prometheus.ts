/** Metrics in the text format of Prometheus, version 0.0.4. */
import { BUCKETS, FAMILIES, type Family, FAMILY_KEYS } from "./families.ts";
import type { Label, MetricsSnapshot, Sample } from "./snapshot.ts";

/** The media type of {@link formatPrometheus}. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Families without a sample are left out. */
export function formatPrometheus(snapshot: MetricsSnapshot): string {
  let text = "";
  for (const key of FAMILY_KEYS) {
    const samples = snapshot[key] ?? [];
    if (samples.length === 0) continue;
    const family: Family = FAMILIES[key];
    text += `# HELP ${family.name} ${family.help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n`;
    text += `# TYPE ${family.name} ${family.type}\n`;
    const format = family.type === "histogram" ? formatHistogram : formatSample;
    for (const sample of samples) text += format(family, sample);
  }
  return text;
}

function formatSample({ name, labels }: Family, sample: Sample): string {
  return `${name}${formatLabels(labels, sample.labels)} ${formatNumber(sample.values[0] ?? 0)}\n`;
}

function formatHistogram({ name, labels }: Family, sample: Sample): string {
  const names = [...labels, "le"];
  let text = "";
  let count = 0;
  for (let index = 0; index <= BUCKETS.length; index++) {
    count += sample.values[index] ?? 0;
    const bound = BUCKETS[index] ?? "+Inf";
    text += `${name}_bucket${formatLabels(names, [...sample.labels, bound])} ${count}\n`;
  }
  const own = formatLabels(labels, sample.labels);
  const sum = (sample.values[BUCKETS.length + 1] ?? 0) / 1e6;
  return `${text}${name}_sum${own} ${sum}\n${name}_count${own} ${count}\n`;
}

function formatNumber(value: number): string {
  return value === Infinity ? "+Inf" : `${value}`;
}

function formatLabels(names: readonly string[], values: readonly Label[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, index) => `${name}="${escapeValue(`${values[index] ?? ""}`)}"`);
  return `{${pairs.join(",")}}`;
}

function escapeValue(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
