import assert from "node:assert/strict";
import { GiveOver } from "./give_over.ts";
import { createLog } from "./log.ts";

Deno.test("a process that is told to end amid a handover waits for its outcome", async () => {
  for (const outcome of ["succeeds", "fails"] as const) {
    const given = Promise.withResolvers<void>();
    let succeeded = false;
    const giveOver = new GiveOver({
      confFile: "/own/proxy.conf",
      log: createLog("error", () => {}),
      replaced: undefined,
      give: () => given.promise,
      onSucceeded: () => succeeded = true,
    });
    const answer = giveOver.giveTo({ pid: 1, confFile: "/other/proxy.conf" }, "/run/proxy.sock");
    assert.ok("path" in answer);
    let ended = false;
    const ending = giveOver.end().then(() => ended = true);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(ended, false);
    if (outcome === "succeeds") given.resolve();
    else given.reject(new Error("nobody took the listeners"));
    await ending;
    assert.deepEqual(
      [succeeded, giveOver.isSucceeded],
      outcome === "succeeds" ? [true, true] : [
        false,
        false,
      ],
    );
  }
});
