import assert from "node:assert/strict";
import { killOne } from "./kill_one.ts";

Deno.test("killing what is no process kills nobody", () => {
  for (const pid of [0, -0, 1, -1, NaN, 2.5, Infinity, undefined, Number(""), Number("x")]) {
    assert.throws(() => killOne(pid), /There is no process/);
  }
});

Deno.test("killing one kills it", async () => {
  const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
  killOne(child.pid);
  assert.equal((await child.status).signal, "SIGKILL");
});
