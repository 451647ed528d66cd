import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { judgePath, News } from "./news.ts";

const paths: readonly [string, ReturnType<typeof judgePath>][] = [
  ["hosts.conf", { kind: "host" }],
  ["portmappings.conf", { kind: "none" }],
  [".portmappings.conf.x.tmp", { kind: "none" }],
  [".simplenetesd.lock", { kind: "none" }],
  ["pods", { kind: "tree" }],
  ["pods/web", { kind: "tree" }],
  ["pods/web/release", { kind: "tree" }],
  ["pods/web/release/1.0.0", { kind: "tree" }],
  ["pods/web/release/.1.0.0.170", { kind: "none" }],
  ["pods/web/release/1.0.0/pod.state", { kind: "instance", id: "web/1.0.0", status: false }],
  ["pods/web/release/1.0.0/pod.action", { kind: "instance", id: "web/1.0.0", status: false }],
  ["pods/web/release/1.0.0/.pod.status", { kind: "instance", id: "web/1.0.0", status: true }],
  ["pods/web/release/1.0.0/.pod.status.tmp", { kind: "none" }],
  ["pods/web/release/1.0.0/log", { kind: "none" }],
  ["pods/web/release/1.0.0/config/pod", { kind: "none" }],
  ["pods/web/other/1.0.0/pod.state", { kind: "none" }],
];
for (const [path, news] of paths) {
  Deno.test(`news of ${path}`, () => deepStrictEqual(judgePath("/h", `/h/${path}`), news));
}

Deno.test("News wakes who waits, and keeps what came before", async () => {
  const news = new News("/h");
  const never = new AbortController().signal;
  deepStrictEqual(news.take().everything, true, "at first all is news");
  const began = performance.now();
  setTimeout(() => news.addPaths(["/h/portmappings.conf", "/h/hosts.conf"]), 10);
  await news.wait(60_000, never);
  ok(performance.now() - began < 30_000);
  deepStrictEqual({ ...news.take() }, { everything: false, host: true, instances: new Set() });
  news.addInstance("web/1");
  await news.wait(60_000, never);
  strictEqual(news.take().instances.size, 1);
  await news.wait(10, never);
  await news.wait(60_000, AbortSignal.abort());
  strictEqual(news.any, false);
});

Deno.test("a status of a steady instance wakes nobody, all else does", async () => {
  const news = new News("/h", (id) => id === "steady/1");
  const never = new AbortController().signal;
  const file = (pod: string, name: string) => `/h/pods/${pod}/release/1/${name}`;
  news.take();
  strictEqual(news.addPaths([file("steady", ".pod.status")]), false);
  strictEqual(news.any, false);
  deepStrictEqual([...news.takeStatuses()], ["steady/1"]);
  strictEqual(news.takeStatuses().size, 0);
  strictEqual(news.addPaths([file("steady", ".pod.status"), file("other", ".pod.status")]), true);
  await news.wait(60_000, never);
  strictEqual(news.any, true);
  deepStrictEqual([...news.take().instances].toSorted(), ["other/1", "steady/1"]);
  news.addPaths([file("steady", "pod.state")]);
  strictEqual(news.any, true);
});
