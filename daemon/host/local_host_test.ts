import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { HostError, type HostErrorReason, type HostProgram } from "./host.ts";
import { LocalHost } from "./local_host.ts";

const host = new LocalHost("h1", { maxOutputBytes: 1_000_000, killGraceMs: 200 });
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const run = (program: Partial<HostProgram> & { script: string }) =>
  host.run({ timeoutMs: 20_000, ...program });

async function fails(program: Partial<HostProgram> & { script: string }, reason: HostErrorReason) {
  await rejects(run(program), (error) => {
    ok(error instanceof HostError, String(error));
    strictEqual(error.reason, reason);
    strictEqual(error.hostName, "h1");
    return true;
  });
}

/** Waits until no process `pid` is left. */
async function gone(pid: number) {
  for (let i = 0; i < 500; i++) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
    // A zombie is dead too: its parent is not ours.
    if (stat === undefined || /\) Z /.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`process ${pid} is still there`);
}

const exits: readonly [string, number][] = [
  ["exit 0", 0],
  ["exit 3", 3],
  ["kill -9 $$", 137],
  ["kill -TERM $$", 143],
  ["kill -SEGV $$", 139],
  ["no-such-program", 127],
];
for (const [script, code] of exits) {
  Deno.test(`LocalHost gives exit code ${code} for: ${script}`, async () => {
    strictEqual((await run({ script })).code, code);
  });
}

Deno.test("LocalHost hands arguments over byte for byte", async () => {
  const args = ["a b", "", "*", "$HOME `id`", "'\"\\", "line\nbreak\n", "-n", "åß✓"];
  const { stdout } = await run({ script: `for a; do printf '%s\\0' "$a"; done`, args });
  deepStrictEqual(text(stdout).split("\0").slice(0, -1), args);
});

Deno.test("LocalHost tells stdout and stderr apart, binary output included", async () => {
  const result = await run({ script: `printf '\\377\\000x'; echo oops >&2` });
  deepStrictEqual([...result.stdout], [255, 0, 120]);
  strictEqual(result.stderr, "oops\n");
});

Deno.test("LocalHost gives an empty stdin when none is given", async () => {
  strictEqual(text((await run({ script: "cat; echo end" })).stdout), "end\n");
});

Deno.test("LocalHost streams stdin, no faster than the program reads", async () => {
  let pulled = 0;
  const total = 200;
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ === total) controller.close();
      else controller.enqueue(new Uint8Array(65536));
    },
  }, { highWaterMark: 0 });
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(pulled), 10);
  const { stdout } = await run({ script: "sleep 0.3; wc -c", stdin });
  clearInterval(timer);
  strictEqual(Number(text(stdout)), total * 65536);
  ok(seen.filter((n) => n < 20).length > 5, `pulled ahead: ${seen}`);
});

Deno.test("LocalHost cancels a stdin that the program does not want", async () => {
  let cancelled = false;
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: () => void (cancelled = true),
  });
  strictEqual((await run({ script: "exit 4", stdin })).code, 4);
  ok(cancelled);
  const silent = new ReadableStream<Uint8Array>({ start() {} });
  strictEqual((await run({ script: "exit 5", stdin: silent })).code, 5);
});

Deno.test("LocalHost fails when its stdin stream does", async () => {
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("disk gone")),
  });
  await fails({ script: "cat", stdin }, "input");
});

Deno.test("LocalHost ends the whole group on timeout", async () => {
  const file = await Deno.makeTempFile();
  const script = `sleep 100 & echo $! > "$1"; trap '' TERM; sleep 100; sleep 100`;
  await fails({ script, args: [file], timeoutMs: 300 }, "timeout");
  await gone(Number(await Deno.readTextFile(file)));
  await Deno.remove(file);
});

Deno.test("LocalHost gives up output that a process outside the group holds", async () => {
  const file = await Deno.makeTempFile();
  const script = `setsid sh -c 'echo $$ > "$0"; exec sleep 100' "$1" &
until [ -s "$1" ]; do sleep 0.01; done`;
  await fails({ script, args: [file], timeoutMs: 2000 }, "timeout");
  const pid = Number(await Deno.readTextFile(file));
  ok(pid > 1, "0 would be the process group of this test");
  Deno.kill(pid, "SIGKILL");
  await Deno.remove(file);
});

Deno.test("LocalHost stops on abort, before and while it runs", async () => {
  await fails({ script: "exit 0", signal: AbortSignal.abort() }, "aborted");
  const controller = new AbortController();
  const running = fails({ script: "sleep 100", signal: controller.signal }, "aborted");
  setTimeout(() => controller.abort(), 50);
  await running;
});

Deno.test("LocalHost hands output on as it comes, no faster than it is taken", async () => {
  const file = await Deno.makeTempFile();
  const script = `n=0
    while [ $n -lt 500 ]; do n=$((n + 1)); head -c 65536 /dev/zero; echo $n >"$1"; done`;
  let [taken, held] = [0, 0];
  const onStdout = async (bytes: Uint8Array) => {
    if (taken === 0) held = await settled(() => Deno.readTextFile(file));
    taken += bytes.length;
  };
  const { code, stdout } = await run({ script, args: [file], onStdout });
  deepStrictEqual([code, stdout.length, taken], [0, 0, 500 * 65536]);
  ok(held < 100, `${held} pieces were written while the first one was held`);
  await Deno.remove(file);
});

/** The number that `read` gives once it does not change any more. */
async function settled(read: () => Promise<string>): Promise<number> {
  for (let last = "?";;) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const now = await read();
    if (now === last) return Number(now);
    last = now;
  }
}

Deno.test("LocalHost ends a program whose output is refused, or goes on for ever", async () => {
  const refuse = () => Promise.reject(new Error("no room"));
  await fails({ script: "echo; sleep 100", onStdout: refuse }, "failed");
  const controller = new AbortController();
  const onStdout = () => controller.abort();
  const script = "while echo; do sleep 0.01; done";
  const { signal } = controller;
  await fails({ script, onStdout, signal, timeoutMs: Infinity }, "aborted");
});

Deno.test("LocalHost limits the output", async () => {
  await fails({ script: "yes" }, "output-limit");
  await fails({ script: "yes >&2" }, "output-limit");
});

Deno.test("LocalHost says when the program cannot be started", async () => {
  await fails({ script: "exit 0", args: ["a\0b"] }, "failed");
  await fails({ script: "exit 0", args: ["x".repeat(200_000)] }, "failed");
});
