import assert from "node:assert/strict";
import { join } from "node:path";
import { createLog } from "../log.ts";
import { until } from "../test_kit.ts";
import { AdminServer } from "./server.ts";
import type { ProxyStatus } from "./status.ts";

async function withServer(
  source: { metrics?: () => Promise<Record<never, never>>; status?: () => Promise<ProxyStatus> },
  test: (ask: (path: string, method?: string) => Promise<Response>, path: string) => Promise<void>,
): Promise<string[]> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "s.sock");
  const lines: string[] = [];
  const server = new AdminServer(
    {
      giveTo: () => ({ refusal: "it is a test" }),
      metrics: source.metrics ?? (() => Promise.resolve({})),
      status: source.status ?? (() => Promise.reject(new Error("a thread is gone"))),
    },
    createLog("info", (line) => lines.push(line)),
    10,
  );
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  try {
    await server.follow({ socket: path, metrics: undefined });
    await test((page, method = "GET") => fetch(`http://proxy${page}`, { client, method }), path);
  } finally {
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
  return lines;
}

Deno.test("who can't tell says so, and other pages and methods are not there", async () => {
  const lines = await withServer({}, async (ask) => {
    const answers = await Promise.all([
      ask("/status"),
      ask("/metrics"),
      ask("/metrics", "POST"),
      ask("/"),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [503, 200, 404, 404]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    assert.deepEqual(texts, [
      "a thread is gone\n",
      "",
      "There is no POST /metrics here\n",
      "There is no GET / here\n",
    ]);
  });
  assert.deepEqual(lines, [
    '[WARN]  Cannot answer a question path="GET /status" error="a thread is gone"',
  ]);
});

Deno.test("many who ask at once cost one look", async () => {
  const told = Promise.withResolvers<Record<never, never>>();
  let looks = 0;
  const metrics = () => {
    looks++;
    return told.promise;
  };
  await withServer({ metrics }, async (ask) => {
    const answers = Array.from({ length: 20 }, () => ask("/metrics"));
    await until(() => looks > 0, "the first one asked");
    await (await ask("/")).text();
    told.resolve({});
    for (const answer of await Promise.all(answers)) await answer.text();
    assert.ok(looks < 20, `${looks}`);
    const before = looks;
    await (await ask("/metrics")).text();
    assert.equal(looks, before + 1);
  });
});

Deno.test("a socket that someone removed comes back", async () => {
  await withServer({}, async (ask, path) => {
    await Deno.remove(path);
    await until(() => Deno.lstat(path).then(() => true, () => false), "there is a new one");
    const answer = await ask("/metrics");
    assert.equal(answer.status, 200);
    await answer.text();
  });
});
