import assert from "node:assert/strict";
import fc from "fast-check";
import { BUCKETS, FAMILIES, type Family, FAMILY_KEYS } from "./families.ts";
import { mergeSnapshots, type MetricsSnapshot, type Sample } from "./snapshot.ts";

/** Few different labels, so that snapshots have some in common. */
const label = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constantFrom("", "local", "10.0.0.1:1"));

/** Snapshots as threads make them: the labels of a sample occur once in its family. */
export const anySnapshot: fc.Arbitrary<MetricsSnapshot> = fc.record(
  Object.fromEntries(FAMILY_KEYS.map((key) => {
    const { labels, type }: Family = FAMILIES[key];
    const width = type === "histogram" ? BUCKETS.length + 2 : 1;
    const sample: fc.Arbitrary<Sample> = fc.record({
      labels: fc.array(label, { minLength: labels.length, maxLength: labels.length }),
      values: fc.array(fc.nat(1000), { minLength: width, maxLength: width }),
    });
    return [
      key,
      fc.uniqueArray(sample, { maxLength: 4, selector: (each) => each.labels.join("|") }),
    ];
  })),
  { requiredKeys: [] },
);

Deno.test("merging: neither order nor grouping matters, and a thread without counts adds nothing", () => {
  fc.assert(fc.property(anySnapshot, anySnapshot, anySnapshot, (a, b, c) => {
    const all = mergeSnapshots([a, b, c]);
    assert.deepEqual(mergeSnapshots([c, a, b]), all);
    assert.deepEqual(mergeSnapshots([mergeSnapshots([a, b]), c]), all);
    assert.deepEqual(mergeSnapshots([a, mergeSnapshots([b, c])]), all);
    assert.deepEqual(mergeSnapshots([{}, all]), all);
  }));
});

Deno.test("merging loses nothing", () => {
  const total = (snapshot: MetricsSnapshot) =>
    FAMILY_KEYS.flatMap((key) => snapshot[key] ?? []).flatMap(({ values }) => values)
      .reduce((sum, value) => sum + value, 0);
  fc.assert(fc.property(anySnapshot, anySnapshot, (a, b) => {
    assert.equal(total(mergeSnapshots([a, b])), total(a) + total(b));
  }));
});

Deno.test("ports stand in their order, before texts", () => {
  const sample = (...labels: (string | number)[]) => ({ labels, values: [1] });
  const merged = mergeSnapshots([
    { peers: [sample("other", "ok"), sample(900, "ok"), sample(61000, "busy")] },
    { peers: [sample(61000, "busy"), sample(7000, "ok")] },
  ]);
  assert.deepEqual(merged, {
    peers: [
      sample(900, "ok"),
      sample(7000, "ok"),
      { labels: [61000, "busy"], values: [2] },
      sample("other", "ok"),
    ],
  });
});
