import assert from "node:assert/strict";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { createLog } from "../log.ts";
import { freshAddress, planOf } from "../test_kit.ts";
import { WorkerPlane } from "./worker_plane.ts";

Deno.test({
  name: "who asks a plane amid its end gets an answer",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async () => {
    const first = { ...planOf(freshAddress()), cells: new Int32Array(new SharedArrayBuffer(32)) };
    const log = createLog("error", (line) => assert.fail(line));
    const plane = await WorkerPlane.start(first, log, 2, (error) => assert.fail(error));
    const asked: Promise<unknown>[] = [];
    let ended = false;
    const ending = plane.drain(0).finally(() => ended = true);
    while (!ended) {
      asked.push(plane.status());
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    asked.push(plane.status());
    await ending;
    const failed = (await Promise.allSettled(asked)).filter(({ status }) => status === "rejected");
    assert.deepEqual(failed, []);
  },
});
