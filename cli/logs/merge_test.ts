import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { LogMerge } from "./merge.ts";

interface Line {
  readonly time: string;
  readonly source: number;
  readonly n: number;
}

const OPTIONS = { windowMs: 400, patienceMs: 3000, maxLines: 50 };
const timed = (seconds: number) => String(seconds).padStart(10, "0");

/** Lines of several sources, each in order. */
const sources = fc.array(
  fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }).map((times) =>
    times.sort((a, b) => a - b)
  ),
  { minLength: 1, maxLength: 5 },
);

const linesOf = (all: readonly (readonly number[])[]): Line[][] =>
  all.map((times, source) => times.map((time, n) => ({ time: timed(time), source, n })));

/** By time, of the same time those of the first source first, as all their lines are known. */
const inOrder = (lines: readonly Line[][]): Line[] =>
  lines.flat().toSorted((a, b) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : a.source - b.source || a.n - b.n
  );

Deno.test("pasts are merged exactly, whatever order they come in, and nothing is held for nothing", () => {
  fc.assert(
    fc.property(sources, fc.infiniteStream(fc.nat()), fc.nat(3), (times, choices, limit) => {
      const all = linesOf(times);
      const merge = new LogMerge<Line>(all.length, { ...OPTIONS, patienceMs: Infinity });
      const left = all.map((lines) => [...lines]);
      const open = new Set(all.keys());
      const taken: Line[] = [];
      let now = 0;
      while (open.size > 0) {
        const index = [...open][choices.next().value! % open.size]!;
        const line = left[index]!.shift();
        now += 1000;
        if (line === undefined) {
          merge.turn(index, "ended", now);
          open.delete(index);
        } else merge.push(index, line, now);
        taken.push(...merge.take(now, 1 + limit));
      }
      while (!merge.isOver) taken.push(...merge.take(now, 1 + limit));
      deepStrictEqual(taken, inOrder(all));
    }),
    { numRuns: 300 },
  );
});

Deno.test("live lines that come within the window are in order, none is lost, and due() is when they go", () => {
  const arrivals = fc.array(
    fc.record({ delay: fc.integer({ min: 0, max: 399 }), source: fc.integer({ min: 0, max: 2 }) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(arrivals, (list) => {
      // Written every 10 ms, each takes its own time to come.
      const lines = list.map(({ delay, source }, n) => ({
        line: { time: timed(n * 10), source, n },
        at: n * 10 + delay,
      }));
      const merge = new LogMerge<Line>(3, OPTIONS);
      for (const source of [0, 1, 2]) merge.turn(source, "live", 0);
      const taken: Line[] = [];
      let now = 0;
      const until = (at: number) => {
        for (let due = merge.due(); due !== undefined && due <= at; due = merge.due()) {
          now = Math.max(now, due);
          const got = merge.take(now, 1000);
          ok(got.length > 0, "something was due");
          taken.push(...got);
        }
        now = at;
      };
      for (const { line, at } of lines.toSorted((a, b) => a.at - b.at)) {
        until(at);
        merge.push(line.source, line, now);
      }
      until(Infinity);
      deepStrictEqual(taken.map(({ n }) => n), list.map((_, n) => n));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a source that gives nothing holds the others up for a while only", () => {
  const merge = new LogMerge<Line>(2, OPTIONS);
  const line = { time: timed(5), source: 0, n: 0 };
  merge.push(0, line, 10);
  deepStrictEqual(merge.take(2999, 10), []);
  deepStrictEqual(merge.due(), 3000);
  deepStrictEqual(merge.take(3000, 10), [line]);
});

Deno.test("a flood of live lines goes on before its window is over, oldest first", () => {
  const merge = new LogMerge<Line>(1, OPTIONS);
  merge.turn(0, "live", 0);
  for (let n = 0; n < 50; n++) merge.push(0, { time: timed(n), source: 0, n }, 1);
  ok(merge.isFull(0));
  deepStrictEqual(merge.take(1, 10).map(({ n }) => n), [0]);
  ok(!merge.isFull(0));
});

Deno.test("the past is over when all of it is taken", () => {
  const merge = new LogMerge<Line>(2, OPTIONS);
  merge.push(0, { time: timed(1), source: 0, n: 0 }, 1);
  merge.turn(0, "live", 1);
  merge.turn(1, "ended", 1);
  ok(!merge.isPastOver);
  merge.take(1, 10);
  ok(merge.isPastOver);
  ok(!merge.isOver);
});
