import assert from "node:assert/strict";
import { LinuxEngine } from "./linux_engine.ts";
import { microtaskRunner } from "./microtasks.ts";

Deno.test("what waits for a promise goes on within a callback, and from a microtask it can't", async () => {
  const steps: string[] = [];
  await new Promise<void>((resolve, reject) => {
    setImmediate(() => {
      try {
        const run = microtaskRunner();
        assert.ok(run, "this Deno has no way to do that");
        Promise.resolve().then(() => steps.push("microtask"));
        run();
        steps.push("callback");
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
  assert.deepEqual(steps, ["microtask", "callback"]);
  assert.equal(await Promise.resolve().then(microtaskRunner), undefined);
});

Deno.test({
  name: "a mistake in a callback is told, and the engine goes on",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async () => {
    const engine = new LinuxEngine();
    const end = new AbortController();
    const running = engine.run(end.signal, true);
    const told = Promise.withResolvers<unknown>();
    const hear = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      told.resolve(event.reason);
    };
    globalThis.addEventListener("unhandledrejection", hear);
    try {
      const mistake = new Error("a mistake");
      engine.after(1, () => {
        throw mistake;
      });
      assert.equal(await told.promise, mistake);
      await new Promise<void>((resolve) => engine.after(1, resolve));
    } finally {
      globalThis.removeEventListener("unhandledrejection", hear);
      end.abort();
      await running;
      engine.dispose();
    }
  },
});
