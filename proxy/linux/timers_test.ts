import assert from "node:assert/strict";
import fc from "fast-check";
import { Timers } from "./timers.ts";

Deno.test("timers run in the order of their times, and cancelled ones never", () => {
  const plan = fc.array(fc.record({ at: fc.nat(1000), cancelled: fc.boolean() }), {
    maxLength: 200,
  });
  fc.assert(fc.property(plan, (plan) => {
    const timers = new Timers();
    const ran: number[] = [];
    const cancels = plan.map(({ at }) => timers.add(at, () => ran.push(at)));
    plan.forEach(({ cancelled }, index) => cancelled && cancels[index]!());
    const kept = plan.filter(({ cancelled }) => !cancelled).map(({ at }) => at).sort((a, b) =>
      a - b
    );
    assert.equal(timers.size, kept.length);
    assert.equal(timers.next, kept[0]);
    for (let action = timers.take(1000); action; action = timers.take(1000)) action();
    assert.deepEqual(ran, kept);
    assert.equal(timers.size, 0);
    for (const cancel of cancels) cancel();
  }));
});

Deno.test("a timer runs when it is due, not before, and may set others", () => {
  const timers = new Timers();
  const ran: string[] = [];
  timers.add(10, () => {
    ran.push("first");
    timers.add(15, () => ran.push("second"));
  });
  assert.equal(timers.take(9.9), undefined);
  timers.take(10)!();
  assert.equal(timers.take(14), undefined);
  assert.equal(timers.next, 15);
  timers.take(20)!();
  assert.deepEqual([ran, timers.next], [["first", "second"], undefined]);
});
