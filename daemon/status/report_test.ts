import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { LoopView } from "../reconcile/loop.ts";
import { parseReport, reportPods, RetryClock } from "./report.ts";
import { formatStatus } from "./text.ts";

const instance = (pod: string) => ({ id: `${pod}/1.0.0`, pod, version: "1.0.0", dir: "/x" });
const status = { word: "running", ready: true, beat: "1", updatedMs: 0, pidAlive: true };

function view(mono: number): LoopView {
  const seen = (pod: string, facts: object) =>
    [`${pod}/1.0.0`, {
      instance: instance(pod),
      facts: { id: `${pod}/1.0.0`, pod, serves: true, ...facts },
      mappings: [],
      problems: new Map(),
    }] as const;
  return {
    observed: new Map([
      seen("web", { desired: "running", status }),
      seen("bad", { desired: "running", status: { ...status, pidAlive: false } }),
      seen("odd", {}),
    ]),
    memory: new Map([
      ["web/1.0.0", { failures: 0, retryAt: 0, routed: true }],
      ["bad/1.0.0", { failures: 3, retryAt: 9_000 }],
    ]),
    records: new Map([
      ["web/1.0.0", { action: { kind: "run", why: "test", beganMs: 1, endedMs: 2, ok: true } }],
      ["bad/1.0.0", {
        action: { kind: "run", why: "test", beganMs: 100_000 },
        error: { text: "run failed\x1b[2J", atMs: 90_000 },
      }],
    ]),
    held: new Map([["odd/1.0.0", "odd/2.0.0"]]),
    now: { mono, wall: 100_000 + mono },
  };
}

Deno.test("a report says what each pod should be, is, and waits for", () => {
  const pods = reportPods(view(5_000), new RetryClock());
  deepStrictEqual(pods.map(({ pod }) => pod), ["bad", "odd", "web"]);
  const [bad, odd, web] = pods;
  deepStrictEqual([bad!.live, bad!.ready, bad!.nextRetryMs], ["unsupervised", false, 109_000]);
  deepStrictEqual(odd, {
    pod: "odd",
    version: "1.0.0",
    ready: false,
    traffic: false,
    failures: 0,
    waitsFor: "odd/2.0.0",
  });
  deepStrictEqual([web!.live, web!.ready, web!.traffic, web!.desired], [
    "running",
    true,
    true,
    "running",
  ]);
});

Deno.test("the time of a retry stays the same from turn to turn, however the clocks drift", () => {
  const clock = new RetryClock();
  strictEqual(clock.wallOf("a", 9_000, { mono: 5_000, wall: 100_000 }), 104_000);
  strictEqual(clock.wallOf("a", 9_000, { mono: 6_000, wall: 101_003 }), 104_000);
  strictEqual(clock.wallOf("a", 20_000, { mono: 9_000, wall: 104_000 }), 115_000);
});

Deno.test("a report is read as it was written; anything else is none", () => {
  const pods = reportPods(view(5_000), new RetryClock());
  const report = { home: "/h", pid: 7, startTick: 8, version: "1.0.0", pods };
  deepStrictEqual(parseReport(JSON.stringify(report)), report);
  for (const text of ["", "{}", "[]", "null", '{"pods":[]}', '{"pods":[1]}']) {
    strictEqual(parseReport(text), undefined, text);
  }
  fc.assert(fc.property(fc.json(), (text) => {
    parseReport(text);
    parseReport(`{"home":"","pid":1,"startTick":1,"version":"","pods":[${text}]}`);
  }));
});

Deno.test("the text for people: one line a pod, nothing that a terminal would obey", () => {
  const pods = reportPods(view(5_000), new RetryClock());
  const home = { home: "/h\n[OK]", user: "ann", phase: "serving", pid: 7, failures: 0 } as const;
  const text = formatStatus([{ ...home, pods }], 105_000);
  strictEqual(text.split("\n").length, 6, text);
  match(text, /^\/h\\x0a\[OK\]: serving \(as ann, pid 7\)$/m);
  match(
    text,
    /bad:1\.0\.0 +running +unsupervised +run for 5 s +in 4 s +run failed\\x1b\[2J \(15 s ago\)/,
  );
  match(text, /web:1\.0\.0 +running +ready +run done 2 min ago +- +-$/m);
  match(text, /odd:1\.0\.0 +\? +- +- +when odd:2\.0\.0 is ready +-$/m);
  match(formatStatus([], 0), /There is no host home/);
  const waiting = {
    ...home,
    phase: "waiting",
    lastError: "no",
    nextRetryMs: 107_000,
    pods: [],
  } as const;
  match(formatStatus([waiting], 105_000), /waiting .*next process in 2 s\n {2}last error: no/);
  ok(!formatStatus([{ ...home, pods }], 0).includes("\x1b"));
});
