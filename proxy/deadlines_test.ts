import assert from "node:assert/strict";
import { type Deadline, Deadlines } from "./deadlines.ts";

/** Resolves when it is aborted. */
const aborted = ({ signal }: Deadline) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

Deno.test("a deadline comes no sooner than asked for", async () => {
  const deadlines = new Deadlines();
  const began = performance.now();
  const first = deadlines.enter(30);
  const ends: number[] = [];
  const late: Promise<void>[] = [];
  for (let count = 0; count < 5; count++) {
    const each = deadlines.enter(30);
    const enteredMs = performance.now();
    late.push(aborted(each).then(() => void ends.push(performance.now() - enteredMs)));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all([aborted(first), ...late]);
  assert.ok(first.over);
  assert.ok(performance.now() - began >= 30);
  // Timers of Deno may be a millisecond early.
  for (const each of ends) assert.ok(each >= 29, `${each} ms`);
});

Deno.test("those of one moment share a deadline, and its timer ends with the last of them", async () => {
  const deadlines = new Deadlines();
  const [first, second] = [deadlines.enter(60_000), deadlines.enter(60_000)];
  assert.equal(first, second);
  const other = deadlines.enter(50_000);
  assert.notEqual(other, first);
  first.leave();
  assert.equal(deadlines.enter(60_000), second);
  second.leave();
  second.leave();
  // One that nobody is in any more is not entered again.
  const next = deadlines.enter(60_000);
  assert.notEqual(next, first);
  // An aborted one neither; what is begun then has its own time.
  const ended = aborted(next);
  deadlines.abortAll();
  await ended;
  assert.equal(next.over, false);
  const after = deadlines.enter(60_000);
  assert.equal(after.signal.aborted, false);
  deadlines.abortAll();
  after.leave();
  next.leave();
  other.leave();
});
