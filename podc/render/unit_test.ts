import assert from "node:assert/strict";
import type { Unit } from "../spec/pod_spec.ts";
import { longestStop } from "./unit.ts";

const unit = (stopTimeoutSeconds?: number, probed = false): Unit => ({
  name: "web",
  env: [],
  restart: "never",
  expose: [],
  ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
  ...(probed ? { startupProbe: { check: { kind: "exit" }, timeoutSeconds: 1, signals: [] } } : {}),
});

Deno.test("longestStop: side by side the longest counts, one after the other the sum", () => {
  const table: [Unit[], number][] = [
    [[], 0],
    [[unit()], 10],
    [[unit(3), unit(20), unit(5)], 20],
    [[unit(3), unit(20, true), unit(5)], 25],
    [[unit(3, true), unit(20, true), unit(5)], 28],
    [[unit(7, true)], 7],
  ];
  for (const [units, expected] of table) assert.equal(longestStop(units), expected);
});
