import assert from "node:assert/strict";
import { formatReceipt, makeReceipt, parseMetrics } from "./receipt.ts";

const metrics = (start: number, ok: number, none: number) =>
  `# HELP x
simplenetes_proxy_start_time_seconds ${start}
simplenetes_proxy_client_connections_total{cluster_port="61000",host="local",result="ok"} ${ok}
simplenetes_proxy_client_connections_total{cluster_port="61000",host="10.0.0.2:32767",result="ok"} 5
simplenetes_proxy_client_connections_total{cluster_port="61000",host="",result="no target"} ${none}
simplenetes_proxy_client_connections_total{cluster_port="61000",host="",result="refused"} 7
simplenetes_proxy_client_connections_total{cluster_port="61001",host="local",result="ok"} 99
`;

Deno.test("a receipt counts the clients of the pod's ports between two looks", () => {
  const before = new Map([["h1", parseMetrics(metrics(1700000000.5, 10, 1))]]);
  const after = new Map([["h1", parseMetrics(metrics(1700000000.5, 30, 2))]]);
  const receipt = makeReceipt(before, after, new Set([61000]), { open: 3, cut: 1 });
  assert.deepEqual(receipt, { seen: 21, failed: 1, open: 3, cut: 1, unknown: [] });
  assert.match(formatReceipt(receipt), /proxies: 21, failed: 1; .* 3, cut: 1$/);
});

Deno.test("what nobody counted is not known", () => {
  const told = parseMetrics(metrics(1, 10, 0));
  const later = parseMetrics(metrics(2, 3, 0));
  const drained = { open: undefined, cut: undefined };
  const restarted = makeReceipt(
    new Map([["h1", told]]),
    new Map([["h1", later]]),
    new Set([61000]),
    drained,
  );
  assert.deepEqual([restarted.seen, restarted.failed, restarted.open], [null, null, null]);
  assert.match(formatReceipt(restarted), /not known.*the proxy of h1 was restarted/);
  const silent = makeReceipt(new Map(), new Map([["h1", undefined]]), new Set([61000]), drained);
  assert.match(formatReceipt(silent), /the proxy of h1 does not tell/);
  assert.equal(parseMetrics("<html>"), undefined);
});
