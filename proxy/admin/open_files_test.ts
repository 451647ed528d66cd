import assert from "node:assert/strict";
import { judgeOpenFiles, parseOpenFiles, readOpenFiles } from "./open_files.ts";

const text = (soft: string, hard: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     \n` +
  `Max processes             127000               127000               processes \n` +
  `Max open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files     \n`;

Deno.test("the limit as the kernel tells it", async () => {
  assert.deepEqual(parseOpenFiles(text("1024", "524288")), { soft: 1024, hard: 524288 });
  assert.deepEqual(parseOpenFiles(text("unlimited", "unlimited")), {
    soft: Infinity,
    hard: Infinity,
  });
  assert.equal(parseOpenFiles("Max processes 5 5 processes\n"), undefined);
  const own = await readOpenFiles();
  assert.ok(own === undefined || (own.soft > 0 && own.soft <= own.hard));
});

Deno.test("what is said of it", () => {
  const cases: [number, number, string | undefined, number?][] = [
    [20_000, 4537, undefined],
    [8601, 4537, undefined],
    [8600, 4537, "warn", 999],
    [4601, 4537, "warn", 0],
    [4600, 4537, "error", 0],
    [1024, 4537, "error", 0],
    [Infinity, 61_000, undefined],
  ];
  for (const [soft, listeners, level, connections] of cases) {
    const found = judgeOpenFiles({ soft, hard: soft }, listeners);
    assert.deepEqual([found?.level, found?.fields.connections], [level, connections], `${soft}`);
  }
  const found = judgeOpenFiles({ soft: 1024, hard: 2048 }, 4537)!;
  assert.equal(found.event, "The limit of open files is too low for 3577 of 4537 listeners");
  assert.match(`${found.fields.try}`, /LimitNOFILE=8601 .*ulimit -n 8601/);
});
