import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { formatPodLine, parsePodLine } from "./pod_line.ts";
import { Resume } from "./resume.ts";
import { parseSince } from "./since.ts";
import { type LogEvent, LogWire, parseLogEvent } from "./wire.ts";

const NOW = 1_700_000_000;
const times: readonly [string, number | undefined][] = [
  ["0", 0],
  ["1699999999", 1_699_999_999],
  ["-90", NOW - 90],
  ["90s", NOW - 90],
  ["10m", NOW - 600],
  ["1h30m", NOW - 5400],
  ["2d", NOW - 172_800],
  ["1w", NOW - 604_800],
  ["2023-11-14", 1_699_920_000],
  ["2023-11-14T22:13:20Z", NOW],
  ["2023-11-14 22:13:20", NOW],
  ["2023-11-14T22:13", NOW - 20],
  ["2023-11-14T23:13:20.5+01:00", NOW],
  ["2023-13-41", undefined],
  ["", undefined],
  ["10", 10],
  ["10x", undefined],
  ["m", undefined],
  ["yesterday", undefined],
  ["1m ", undefined],
];
for (const [text, seconds] of times) {
  Deno.test(`--since=${text}`, () => strictEqual(parseSince(text, NOW), seconds));
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("lines arrive in whatever pieces they come", () => {
  const text =
    "1700000000.000000001 0 a ✓ b\nlive\nrubbish\nfail 1 no pod\n1700000001.000000000 12 \n";
  const expected: LogEvent[] = [
    { kind: "line", time: "1700000000.000000001", source: 0, text: "a ✓ b" },
    { kind: "live" },
    { kind: "fail", source: 1, text: "no pod" },
    { kind: "line", time: "1700000001.000000000", source: 12, text: "" },
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (sizes) => {
      const wire = new LogWire();
      const events: LogEvent[] = [];
      const all = bytes(text);
      let at = 0;
      for (const size of [...sizes, all.length]) {
        events.push(...wire.push(all.subarray(at, at + size)));
        at = Math.min(all.length, at + size);
      }
      deepStrictEqual(events, expected);
    }),
  );
});

Deno.test("a line without an end does not fill the memory", () => {
  const wire = new LogWire();
  deepStrictEqual(wire.push(bytes("1700000000.000000000 0 ")), []);
  for (let i = 0; i < 64; i++) deepStrictEqual(wire.push(new Uint8Array(65536).fill(120)), []);
  const [event] = wire.push(bytes("\n1700000000.000000000 0 next\n"));
  strictEqual(event?.kind === "line" && event.text.length, 1024 * 1024 - 23);
});

Deno.test("what a pod printed is read as JSON, or by its columns", () => {
  const time = "1700000000.500000000";
  const json = `{"time":${time},"name":"web","stream":"stderr","text":"a \\"b\\" 1700"}`;
  const line = { time: 1_700_000_000.5, name: "web", stream: "stderr", text: 'a "b" 1700' };
  deepStrictEqual(parsePodLine(time, json), line);
  deepStrictEqual(parsePodLine(time, "1700000000 web a"), { time: line.time, text: "web a" });
  deepStrictEqual(parsePodLine(time, '{"time":oops'), { time: line.time, text: '{"time":oops' });
  strictEqual(formatPodLine(line, ["ts", "name"], NOW), '1700000000 web a "b" 1700');
  strictEqual(formatPodLine(line, ["stream", "age"], NOW + 9), 'stderr 9 a "b" 1700');
  strictEqual(formatPodLine(line, ["none"], NOW), 'a "b" 1700');
});

Deno.test("after a new begin no line is lost, and none comes twice", () => {
  // Lines in order; the connection is lost somewhere, and what the host then sends begins at begin().
  const spans = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60 });
  fc.assert(
    fc.property(spans, fc.array(fc.nat(59), { maxLength: 3 }), (steps, cuts) => {
      let second = NOW;
      const lines = steps.map((step, n) => {
        second += step;
        return { time: `${second}.00000000${n % 3}`, source: n % 2, text: `${n % 4}` };
      });
      const resume = new Resume(0);
      const got: unknown[] = [];
      for (const cut of [...cuts.sort((a, b) => a - b), lines.length]) {
        const since = resume.begin();
        for (const line of lines.slice(0, cut)) {
          if (parseInt(line.time) >= since && resume.isNew(line)) got.push(line);
        }
      }
      deepStrictEqual(got, lines);
    }),
  );
});

Deno.test("any line is an event or nothing", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const event = parseLogEvent(text);
    return event === undefined || text.length > 0;
  }));
});
