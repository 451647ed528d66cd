import assert from "node:assert/strict";
import { ProbeBoard, QueueHeads, shareOf } from "./thread_share.ts";

for (const [what, agoMs] of [["", 0], [" after weeks, too", 2 ** 31]] as const) {
  Deno.test(`who waits longest is known in all threads${what}`, () => knowsEldest(agoMs));
}

function knowsEldest(agoMs: number): void {
  const [one, two, three] = shareOf(3).map((share) =>
    new QueueHeads({ ...share, epochMs: share.epochMs - agoMs })
  );
  assert.equal(one!.othersWait(61000), false);
  one!.set(61000, 500);
  two!.set(61000, 100);
  assert.deepEqual([one!, two!, three!].map((each) => each.othersWait(61000)), [true, true, true]);
  assert.deepEqual(
    [one!, two!].map((each) => each.elderWaits(61000, 20)),
    [false, true],
  );
  assert.equal(two!.elderWaits(61000, 1000), false);
  assert.equal(two!.othersWait(61001), false);
  one!.set(61000, undefined);
  assert.equal(two!.othersWait(61000), false);
  assert.equal(two!.elderWaits(61000, 0), false);
}

Deno.test("one thread's question is the answer of all", () => {
  const [one, two] = shareOf(2).map((share) => new ProbeBoard(share));
  assert.equal(two!.read("10.0.0.2:1", 61000, 1000), undefined);
  one!.post("10.0.0.2:1", 61000, "asking");
  assert.equal(two!.read("10.0.0.2:1", 61000, 1000), "asking");
  one!.post("10.0.0.2:1", 61000, "silent");
  assert.equal(two!.read("10.0.0.2:1", 61000, 1000), "silent");
  for (const [host, port] of [["10.0.0.2:1", 61001], ["10.0.0.3:1", 61000], ["10.0.0.2:1"]]) {
    assert.equal(two!.read(host as string, port as number | undefined, 1000), undefined);
  }
  one!.post("10.0.0.2:1", undefined, "down");
  assert.equal(two!.read("10.0.0.2:1", undefined, 1000), "down");
  assert.equal(two!.read("10.0.0.2:1", undefined, -1), undefined);
});
