import assert from "node:assert/strict";
import { formatPrometheus } from "./prometheus.ts";
import { MEASURED, Metrics } from "./metrics.ts";
import { Series } from "./series.ts";
import type { MetricsSnapshot } from "./snapshot.ts";
import { parsePrometheus } from "./testing/parse_prometheus.ts";

const snapshotOf = (metrics: Metrics): MetricsSnapshot =>
  Object.fromEntries(MEASURED.map((key) => [key, metrics.samples(key)]));

const read = (metrics: Metrics) => {
  const { samples } = parsePrometheus(formatPrometheus(snapshotOf(metrics)));
  return (name: string, labels: Record<string, string>) =>
    samples.get(`simplenetes_proxy_${name}`, labels);
};

Deno.test("a connection is active until it ends, then its bytes and its end count", () => {
  const metrics = new Metrics(() => 0);
  const labels = { cluster_port: "61000", host: "10.0.0.2:1" };
  const end = metrics.joined("client", 61000, "10.0.0.2:1");
  const broken = metrics.joined("client", 61000, "10.0.0.2:1");
  let value = read(metrics);
  assert.equal(value("active_connections", { ...labels, side: "client" }), 2);
  assert.equal(value("client_connections_total", { ...labels, result: "ok" }), 2);
  end.end({ toTarget: 5, toClient: 7, end: "reset by client" });
  broken.end();
  value = read(metrics);
  assert.equal(value("active_connections", { ...labels, side: "client" }), 0);
  assert.equal(value("client_connections_total", { ...labels, result: "ok" }), 2);
  const bytes = { cluster_port: "61000", side: "client" };
  assert.equal(value("bytes_total", { ...bytes, direction: "to pod" }), 5);
  assert.equal(value("bytes_total", { ...bytes, direction: "from pod" }), 7);
  assert.equal(
    value("ended_connections_total", { side: "client", end: "reset by client" }),
    1,
  );
});

Deno.test("the bytes of a connection that goes on are counted whenever somebody asks, and once", () => {
  const metrics = new Metrics(() => 0);
  const progress = { toTarget: 3, toClient: 10 };
  const joined = metrics.joined("peer", 61000, "local");
  joined.follow(progress);
  const bytes = () =>
    ["to pod", "from pod"].map((direction) =>
      read(metrics)("bytes_total", { cluster_port: "61000", side: "peer", direction })
    );
  assert.deepEqual(bytes(), [3, 10]);
  progress.toClient = 25;
  assert.deepEqual(bytes(), [3, 25]);
  joined.end({ toTarget: 4, toClient: 25, end: "closed" });
  assert.deepEqual(bytes(), [4, 25]);
});

Deno.test("answers and connects to pods are counted with their times", () => {
  let time = 0;
  const metrics = new Metrics(() => time);
  time = 30;
  metrics.asked("client", "h:1", 0, { answer: "silent", down: true });
  metrics.asked("probe", "h:1", time, { answer: "ok" });
  metrics.connected(time);
  const value = read(metrics);
  assert.equal(value("asks_total", { host: "h:1", answer: "down", asked_for: "client" }), 1);
  assert.equal(value("asks_total", { host: "h:1", answer: "ok", asked_for: "probe" }), 1);
  assert.equal(value("ask_seconds_bucket", { host: "h:1", le: "0.025" }), 1);
  assert.equal(value("ask_seconds_bucket", { host: "h:1", le: "0.05" }), 2);
  assert.equal(value("ask_seconds_sum", { host: "h:1" }), 0.03);
  assert.equal(value("pod_connect_seconds_count", {}), 1);
});

Deno.test("what the files name no more is forgotten, unless it has connections", () => {
  const metrics = new Metrics(() => 0);
  const end = metrics.joined("client", 61000, "gone:1");
  metrics.joined("client", 61000, "stays:1").end();
  metrics.joined("client", 5, "stays:1").end();
  metrics.unserved("peer", "", "refused");
  metrics.keep((port) => port === 61000, (host) => host === "stays:1");
  let { clients = [], peers, active } = snapshotOf(metrics);
  assert.deepEqual(clients.map(({ labels }) => labels), [[61000, "stays:1", "ok"]]);
  assert.deepEqual(peers, [{ labels: ["", "refused"], values: [1] }]);
  assert.deepEqual(active, [
    { labels: [61000, "gone:1", "client"], values: [1] },
    { labels: [61000, "stays:1", "client"], values: [0] },
  ]);
  end.end();
  ({ clients = [], active } = snapshotOf(metrics));
  assert.equal(active?.length, 1);
});

Deno.test("a family does not grow without bound", () => {
  const series = new Series(2, 1, 3);
  for (let port = 0; port < 100; port++) series.at(port, "ok")[0]!++;
  assert.deepEqual(series.samples(), [
    { labels: [0, "ok"], values: [1] },
    { labels: [1, "ok"], values: [1] },
    { labels: [2, "ok"], values: [1] },
    { labels: ["other", "ok"], values: [97] },
  ]);
  series.forget(([port]) => port === 1);
  series.forget(([port]) => port === "other");
  series.at(7, "ok")[0]!++;
  assert.equal(series.samples().length, 3);
});
