import assert from "node:assert/strict";
import fc from "fast-check";
import { BUCKETS } from "./families.ts";
import { formatPrometheus } from "./prometheus.ts";
import { parsePrometheus } from "./testing/parse_prometheus.ts";

Deno.test("counters, gauges and histograms", () => {
  const values = new Array(BUCKETS.length + 2).fill(0);
  values[0] = 2;
  values[3] = 1;
  values[BUCKETS.length] = 1;
  values[BUCKETS.length + 1] = 12_500_250;
  const text = formatPrometheus({
    open: [{ labels: [], values: [7] }],
    clients: [{ labels: [61000, "local", "ok"], values: [3] }],
    askTime: [{ labels: ["10.0.0.2:32767"], values }],
  });
  assert.match(text, /^# HELP simplenetes_proxy_open_connections .+\n# TYPE \S+ gauge\n/);
  assert.match(text, /\nsimplenetes_proxy_client_connections_total\{cluster_port="61000",/);
  assert.ok(text.endsWith("\n"));
  const { samples, types } = parsePrometheus(text);
  assert.equal(types.get("simplenetes_proxy_ask_seconds"), "histogram");
  const host = { host: "10.0.0.2:32767" };
  const bucket = (le: string) =>
    samples.get("simplenetes_proxy_ask_seconds_bucket", { ...host, le });
  assert.deepEqual(["0.0001", "0.0005", "0.001", "10", "+Inf"].map(bucket), [2, 2, 3, 3, 4]);
  assert.equal(samples.get("simplenetes_proxy_ask_seconds_count", host), 4);
  assert.equal(samples.get("simplenetes_proxy_ask_seconds_sum", host), 12.50025);
  assert.equal(samples.get("simplenetes_proxy_open_connections", {}), 7);
});

Deno.test("any label value comes back", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "}", ",", "a") }),
  );
  fc.assert(fc.property(value, fc.nat(), (host, count) => {
    const { samples } = parsePrometheus(
      formatPrometheus({ asks: [{ labels: [host, "ok", "probe"], values: [count] }] }),
    );
    assert.equal(
      samples.get("simplenetes_proxy_asks_total", { host, answer: "ok", asked_for: "probe" }),
      count,
    );
  }));
});
