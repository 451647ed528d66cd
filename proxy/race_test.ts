import assert from "node:assert/strict";
import { DenoEngine } from "./deno_engine.ts";
import { type Attempt, race } from "./race.ts";

/** An attempt that is answered from outside. */
function controlled(): {
  attempt: Attempt<string>;
  answer: (value?: string) => void;
  started: boolean;
} {
  let answer!: (value?: string) => void;
  const answered = new Promise<string | undefined>((resolve) => answer = resolve);
  const made = { attempt: () => (made.started = true, answered), answer, started: false };
  return made;
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const timers = new DenoEngine();
const never = (late: string) => assert.fail(`${late} was discarded`);

Deno.test("one after another when they fail, no more once one succeeds", async () => {
  const [a, b, c] = [controlled(), controlled(), controlled()];
  const result = race([[a.attempt], [b.attempt], [c.attempt]], 10_000, 10_000, never, timers);
  await settle();
  assert.deepEqual([a.started, b.started], [true, false]);
  a.answer();
  await settle();
  assert.deepEqual([b.started, c.started], [true, false]);
  b.answer("b");
  assert.equal(await result, "b");
  assert.equal(c.started, false);
});

Deno.test("those of a group at once; late successes are discarded", async () => {
  const [a, b, c] = [controlled(), controlled(), controlled()];
  const late: string[] = [];
  const result = race(
    [[], [a.attempt, b.attempt, c.attempt]],
    0,
    10_000,
    (each) => late.push(each),
    timers,
  );
  assert.ok(a.started && b.started && c.started);
  a.answer();
  b.answer("b");
  assert.equal(await result, "b");
  c.answer("c");
  await settle();
  assert.deepEqual(late, ["c"]);
});

Deno.test("a hesitating one is overtaken, but may still win", async () => {
  const [a, b] = [controlled(), controlled()];
  const result = race([[a.attempt], [b.attempt]], 5, 10_000, never, timers);
  while (!b.started) await settle();
  a.answer("a");
  assert.equal(await result, "a");
  b.answer();
});

Deno.test("nothing found: all failed, none given, or the time is over", async () => {
  assert.equal(await race([], 0, 10_000, never, timers), undefined);
  const failing = () => Promise.resolve(undefined);
  assert.equal(await race([[failing, failing], [failing]], 0, 10_000, never, timers), undefined);
  const silent = controlled();
  const late: string[] = [];
  assert.equal(await race([[silent.attempt]], 0, 5, (each) => late.push(each), timers), undefined);
  silent.answer("late");
  await settle();
  assert.deepEqual(late, ["late"]);
});
