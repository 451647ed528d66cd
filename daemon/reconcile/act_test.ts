import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { createLog } from "../log.ts";
import { TestHome, text } from "../testing/home.ts";
import { act, takeAction } from "./act.ts";
import type { Command } from "./model.ts";

/** Runs one command on a pod that is `script`; gives its success, the log and what it wrote to `out`. */
async function actOn(script: string, command: Partial<Command> = {}, timeoutMs = 20_000) {
  await using home = await TestHome.make();
  const pod = await home.pod("web", "running");
  await Deno.writeTextFile(pod.paths.pod, `#!/bin/sh\n${script}\n`);
  let log = "";
  const instance = { id: "web/1.0.0", pod: "web", version: "1.0.0", dir: pod.dir };
  const began = performance.now();
  const { ok: success } = await act(instance, {
    id: instance.id,
    kind: "run",
    why: "test",
    ...command,
  }, {
    log: createLog(5, (line) => log += line),
    env: { PATH: Deno.env.get("PATH") ?? "" },
    timeoutMs,
    signal: new AbortController().signal,
    now: () => performance.now(),
  });
  return { success, log, out: await text(`${pod.dir}/out`), ms: performance.now() - began };
}

Deno.test("act calls the pod in its directory, with the call's arguments", async () => {
  const { success, out } = await actOn(`printf '%s|' "$PWD" "$@" >out`, {
    hostInterface: "127.0.0.2",
  });
  ok(success);
  match(out, /\/pods\/web\/release\/1\.0\.0\|run\|--host-interface=127\.0\.0\.2\|$/);
});

Deno.test("act logs why a call failed, the last lines of much", async () => {
  const script =
    "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i of many >&2; done; exit 7";
  const { success, log } = await actOn(script);
  ok(!success);
  match(log, /\[ERROR\] Pod web\/1\.0\.0: run failed with exit code 7/);
  match(log, /line 5000 of many/);
  strictEqual(log.split(" of many").length, 21);
});

Deno.test("act counts a killed pod and one that cannot start as failures", async () => {
  match((await actOn("kill -9 $$")).log, /exit code 137/);
  await using home = await TestHome.make();
  const pod = await home.pod("web", "running");
  await Deno.chmod(pod.paths.pod, 0o644);
  let log = "";
  const done = await act(
    { id: "web/1.0.0", pod: "web", version: "1.0.0", dir: pod.dir },
    { id: "web/1.0.0", kind: "stop", why: "test" },
    {
      log: (_, message) => log += message,
      env: {},
      timeoutMs: 1000,
      signal: new AbortController().signal,
      now: () => 0,
    },
  );
  ok(!done.ok);
  match(done.error!, /stop failed: .* does not start/);
  match(log, /stop failed: .* does not start/);
});

Deno.test("act ends a call that takes too long, with all that it started", async () => {
  const { success, log, ms } = await actOn("sleep 100 & sleep 100", {}, 300);
  ok(!success && ms < 15_000);
  match(log, /no end after 0\.3 s/);
});

Deno.test("act does not wait for what a call leaves running with its output", async () => {
  const { success, ms } = await actOn("setsid sleep 3 &");
  ok(success && ms < 2500, `${ms} ms`);
});

Deno.test("takeAction takes a request once", async () => {
  await using home = await TestHome.make();
  const pod = await home.pod("web", "running");
  const instance = { id: "web/1.0.0", pod: "web", version: "1.0.0", dir: pod.dir };
  await Deno.writeTextFile(pod.paths.action, "rerun a b\n");
  deepStrictEqual(await takeAction(instance), { containers: ["a", "b"] });
  strictEqual(await takeAction(instance), undefined);
  await Deno.symlink("/etc/passwd", pod.paths.action);
  await takeAction(instance).catch((error) => match(String(error), /no regular file/));
  const left = await Array.fromAsync(Deno.readDir(pod.dir), ({ name }) => name);
  deepStrictEqual(left.toSorted(), ["pod", "pod.state"]);
});

Deno.test("act carries a request out, and does nothing when it went away", async () => {
  const request = { kind: "rerun", takeAction: true } as const;
  const { success, out, log } = await actOn("echo $* >out", request);
  deepStrictEqual([success, out], [false, ""]);
  match(log, /went away/);
});
