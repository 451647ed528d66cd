import assert from "node:assert/strict";
import { createLog, formatEvent, OFTEN_MS, parseLevel } from "./log.ts";

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
