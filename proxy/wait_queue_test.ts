import assert from "node:assert/strict";
import fc from "fast-check";
import { WaitQueue } from "./wait_queue.ts";

Deno.test("first come, first served; nobody overstays, nobody is lost, never more than the limit", () => {
  const LIMIT = 5;
  const step = fc.oneof(
    fc.record({ join: fc.nat(30) }),
    fc.record({ give: fc.constant(true) }),
    fc.record({ later: fc.nat(10) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitQueue<number>(LIMIT);
      /** What is waiting by plain reasoning: each with its number, in order. */
      let model: { id: number; since: number; until: number }[] = [];
      const left = new Map<number, number | undefined>();
      let now = 0;
      let ids = 0;
      for (const each of steps) {
        if ("join" in each) {
          const id = ids++;
          const until = now + each.join;
          const joined = queue.join(now, until, (value) => {
            assert.ok(!left.has(id), "it left twice");
            left.set(id, value);
          });
          assert.equal(joined, model.length < LIMIT);
          if (joined) model.push({ id, since: now, until });
        } else if ("give" in each) {
          const gift = 1000 + ids;
          assert.equal(queue.give(gift), model.length > 0);
          const first = model.shift();
          if (first) assert.equal(left.get(first.id), gift);
        } else {
          now += each.later;
          queue.expire(now);
          for (const { id, until } of model) {
            assert.equal(left.has(id), until <= now);
            if (until <= now) assert.equal(left.get(id), undefined);
          }
          model = model.filter(({ until }) => until > now);
        }
        assert.equal(queue.size, model.length);
        assert.equal(queue.since, model[0]?.since);
      }
      queue.end();
      for (const { id } of model) assert.ok(left.has(id) && left.get(id) === undefined);
      assert.equal(queue.size, 0);
    }),
    { numRuns: 500 },
  );
});
