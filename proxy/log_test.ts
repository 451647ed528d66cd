import assert from "node:assert/strict";
import { createLog, formatEvent, jsonFormat, OFTEN_EVENTS, OFTEN_MS, parseLevel } from "./log.ts";

Deno.test("an event is one line, whatever is in it", () => {
  assert.equal(
    formatEvent("warn", "Refused", { peer: "10.0.0.1:5", n: 3, x: undefined }),
    "[WARN]  Refused peer=10.0.0.1:5 n=3",
  );
  assert.equal(formatEvent("info", "x", { error: "a b\nc" }), '[INFO]  x error="a b\\nc"');
});

Deno.test("levels", () => {
  const lines: string[] = [];
  const log = createLog("warn", (line) => lines.push(line));
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.deepEqual(lines, ["[WARN]  c", "[ERROR] d"]);
  assert.equal(parseLevel("INFO"), "info");
  assert.equal(parseLevel("loud"), undefined);
});

Deno.test("what comes often is written once in a while, with the number left out", () => {
  const lines: string[] = [];
  let time = 0;
  const log = createLog("info", (line) => lines.push(line), () => time);
  for (let turn = 0; turn < 5; turn++) log.often("x", { turn });
  log.often("y");
  time = OFTEN_MS;
  log.often("x", { turn: 9 });
  assert.deepEqual(lines, ["[WARN]  x turn=0", "[WARN]  y", "[WARN]  x turn=9 more=4"]);
});

Deno.test("JSON: one object per line", () => {
  const format = jsonFormat(() => new Date(0));
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line), () => 0, format);
  log.error("x\ny", { port: 5, on: true, host: undefined, error: '"' });
  log.info("z");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    {
      ts: "1970-01-01T00:00:00.000Z",
      level: "error",
      event: "x\ny",
      fields: { port: 5, on: true, error: '"' },
    },
    { ts: "1970-01-01T00:00:00.000Z", level: "info", event: "z", fields: {} },
  ]);
});

Deno.test("what was left out is told when nothing follows", () => {
  const lines: string[] = [];
  let time = 0;
  const log = createLog("info", (line) => lines.push(line), () => time);
  for (let turn = 0; turn < 5; turn++) log.often("x", { turn });
  log.often("once");
  log.sweep();
  assert.equal(lines.length, 2);
  time = OFTEN_MS;
  log.sweep();
  log.sweep();
  log.often("x", { turn: 9 });
  assert.deepEqual(lines.slice(2), ["[WARN]  x turn=4 more=3"]);
  time += OFTEN_MS;
  log.sweep();
  log.sweep();
  assert.deepEqual(lines.slice(3), ["[WARN]  x turn=9"]);
});

Deno.test("many different events are remembered up to a limit, and none is lost", () => {
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line), () => 0);
  for (const _ of [1, 2]) log.often("first");
  for (let turn = 1; turn < OFTEN_EVENTS; turn++) log.often(`${turn}`);
  assert.equal(lines.length, OFTEN_EVENTS);
  log.often("one more");
  assert.deepEqual(lines.slice(OFTEN_EVENTS), ["[WARN]  one more", "[WARN]  first"]);
});
