import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Wanted } from "./certs_list.ts";
import { failed, type Failure, nextStep, renewMs, type Validity } from "./schedule.ts";

const DAY_MS = 86_400_000;
const want = (name: string): Wanted => ({ name, domains: [`${name}.example.com`] });
const NOW = Date.UTC(2026, 0, 1);

Deno.test("a certificate of 90 days is renewed when 30 are left", () => {
  const validity = { notBeforeMs: NOW, notAfterMs: NOW + 90 * DAY_MS };
  strictEqual(renewMs(validity), NOW + 60 * DAY_MS);
  const held = new Map([["a", validity]]);
  const step = (now: number) => nextStep([want("a")], held, new Map(), now);
  deepStrictEqual(step(NOW), { kind: "wait", untilMs: NOW + 60 * DAY_MS });
  deepStrictEqual(step(NOW + 60 * DAY_MS), { kind: "order", wanted: want("a") });
});

Deno.test("what is missing comes before what expires, that before what lasts", () => {
  const held = new Map([
    ["lasts", { notBeforeMs: NOW - 80 * DAY_MS, notAfterMs: NOW + 10 * DAY_MS }],
    ["ends", { notBeforeMs: NOW - 89 * DAY_MS, notAfterMs: NOW + DAY_MS }],
  ]);
  const order: string[] = [];
  const failures = new Map<string, Failure>();
  for (let i = 0; i < 3; i++) {
    const wanted = ["lasts", "ends", "missing"].map(want);
    const step = nextStep(wanted, held, failures, NOW);
    if (step.kind !== "order") throw new Error("nothing to do");
    order.push(step.wanted.name);
    failures.set(step.wanted.name, failed(undefined, "ca", "no", NOW, 0, 0));
  }
  deepStrictEqual(order, ["missing", "ends", "lasts"]);
});

Deno.test("an empty list waits for another one", () => {
  deepStrictEqual(nextStep([], new Map(), new Map(), NOW), { kind: "wait", untilMs: undefined });
});

Deno.test("failures at the CA: no more than 4 tries in the first hour, then twice a day at least", () => {
  const tries: number[] = [];
  let failure: Failure | undefined;
  for (let now = NOW; now < NOW + 10 * DAY_MS;) {
    tries.push(now);
    failure = failed(failure, "ca", "no", now, 0, 0);
    now = failure.retryMs;
  }
  ok(tries.filter((at) => at < NOW + 3_600_000).length <= 4);
  ok(tries.every((at, i) => i === 0 || at - tries[i - 1]! <= DAY_MS / 2));
});

Deno.test("what the CA asks for is kept", () => {
  strictEqual(failed(undefined, "ca", "limited", NOW, 3 * DAY_MS, 1).retryMs, NOW + 3 * DAY_MS);
});

Deno.test("a clock that was set back years does not hold up for years", () => {
  const failure = failed(undefined, "ca", "no", NOW + 1000 * DAY_MS, 0, 0);
  strictEqual(nextStep([want("a")], new Map(), new Map([["a", failure]]), NOW).kind, "order");
});

const time = fc.integer({ min: NOW - 400 * DAY_MS, max: NOW + 400 * DAY_MS });
const validity: fc.Arbitrary<Validity> = fc.tuple(time, fc.integer({ min: 1, max: 400 * DAY_MS }))
  .map(([notBeforeMs, life]) => ({ notBeforeMs, notAfterMs: notBeforeMs + life }));
const failure = fc.tuple(fc.constantFrom("setup", "ca"), time, fc.nat(40)).map(
  ([kind, at, count]): Failure => {
    const before = { kind, count, atMs: at, retryMs: at, reason: "" } as const;
    return failed(before, kind as "ca", "no", at, 0, 0.5);
  },
);

Deno.test("whoever waits until told orders then, and never a certificate that nobody wants", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "d", "other"), validity),
    fc.dictionary(fc.constantFrom("a", "b", "c", "d", "other"), failure),
    time,
    (names, held, failures, now) => {
      const at = (ms: number) =>
        nextStep(
          names.map(want),
          new Map(Object.entries(held)),
          new Map(Object.entries(failures)),
          ms,
        );
      let step = at(now);
      if (step.kind === "wait") {
        ok(step.untilMs !== undefined && step.untilMs > now);
        step = at(Math.ceil(step.untilMs));
      }
      ok(step.kind === "order" && new Set<string>(names).has(step.wanted.name));
    },
  ));
});
