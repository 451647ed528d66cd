import assert from "node:assert/strict";
import type { Context } from "./context.ts";
import { DenoEngine } from "./deno_engine.ts";
import { createLog } from "./log.ts";
import { makeContext } from "./make_context.ts";
import type { Plan } from "./plan.ts";
import type { Lease } from "./routing_table.ts";
import { giveBack, type Target } from "./target.ts";
import { echo, freshAddress, planOf, PORT_A, TestServer, until } from "./test_kit.ts";
import { shareOf, type ThreadShare } from "./thread_share.ts";
import { MAX_WAITING } from "./waiting_room.ts";

/** A host without others, with one server of `maxConn` behind {@link PORT_A}. */
async function withHost(
  maxConn: number,
  test: (
    context: Context & { plan: Plan; shares: readonly ThreadShare[] },
    lines: string[],
  ) => Promise<void>,
  threads = 1,
): Promise<void> {
  const ip = freshAddress();
  const server = new TestServer(ip, echo);
  const lines: string[] = [];
  const shares = shareOf(threads);
  const plan = planOf(ip);
  const context = makeContext(
    new DenoEngine(),
    createLog("info", (line) => lines.push(line)),
    plan,
    () => performance.now(),
    shares[0],
  );
  const mapping = {
    clusterPort: PORT_A,
    hostPort: server.port,
    maxConn,
    sendProxy: false,
    cell: 0,
  };
  context.table.load([mapping]);
  try {
    await test(Object.assign(context, { plan: { ...plan, mappings: [mapping] }, shares }), lines);
  } finally {
    context.ending = true;
    context.waiting.end();
    await Promise.all(context.background);
    context.engine.closeAll();
    await server.close();
  }
}

function takeAll({ table }: Context): Lease[] {
  const leases: Lease[] = [];
  for (;;) {
    const lease = table.take(table.order(PORT_A, 0)[0]!);
    if (!lease) return leases;
    leases.push(lease);
  }
}

Deno.test("room that is given back goes to the first, as much as there is, and never more", async () => {
  await withHost(3, async (context) => {
    const leases = takeAll(context);
    const served: number[] = [];
    const targets: Target[] = [];
    const all = Array.from({ length: 6 }, async (_, index) => {
      const target = await context.waiting.wait(PORT_A, Infinity);
      if (!target) return;
      served.push(index);
      targets.push(target);
    });
    assert.equal(context.waiting.size, 6);
    for (const lease of leases.slice(0, 2)) lease.release();
    await until(() => served.length === 2, "two are served");
    assert.equal(context.table.order(PORT_A, 0)[0]!.active, 3);
    leases[2]!.release();
    for (let count = 3; count <= 6; count++) {
      await until(() => served.length === count, `${count} are served`);
      giveBack(targets.shift()!);
    }
    await Promise.all(all);
    assert.deepEqual(served, [0, 1, 2, 3, 4, 5]);
    targets.forEach(giveBack);
    assert.equal(context.table.order(PORT_A, 0)[0]!.active, 0);
  });
});

Deno.test("room goes to who came first, whichever thread that waits in", async () => {
  await withHost(1, async (one, lines) => {
    // A second thread, as far as it is one: its own context on the same counts.
    const two = makeContext(
      new DenoEngine(),
      createLog("info", (line) => lines.push(line)),
      one.plan,
      () => performance.now(),
      one.shares[1],
    );
    two.table.load(one.plan.mappings);
    const [lease] = takeAll(one);
    const served: string[] = [];
    const client = async (context: Context, name: string) => {
      const target = await context.waiting.wait(PORT_A, Infinity);
      served.push(name);
      giveBack(target!);
    };
    const all = [client(two, "first, in the other thread")];
    assert.ok(one.waiting.has(PORT_A), "a new client of this thread has to wait, too");
    await new Promise((resolve) => setTimeout(resolve, 50));
    all.push(client(one, "second, where room is given back"));
    lease!.release();
    await Promise.all(all);
    assert.deepEqual(served, ["first, in the other thread", "second, where room is given back"]);
    assert.ok(!one.waiting.has(PORT_A) && !two.waiting.has(PORT_A));
    two.ending = true;
    two.waiting.end();
    await Promise.all(two.background);
    two.engine.closeAll();
  }, 2);
});

Deno.test("room that nobody tells of is found too", async () => {
  await withHost(0, async (context) => {
    const { mapping } = context.table.order(PORT_A, 0)[0]!;
    const waiting = context.waiting.wait(PORT_A, Infinity);
    context.table.load([{ ...mapping, maxConn: 1, cell: 0 }]);
    giveBack((await waiting)!);
  });
});

Deno.test("too many are turned away, the others leave when their time is over", async () => {
  await withHost(0, async (context, lines) => {
    const start = performance.now();
    const all = Array.from(
      { length: MAX_WAITING },
      () => context.waiting.wait(PORT_A, start + 60),
    );
    assert.equal(await context.waiting.wait(PORT_A, Infinity), undefined);
    assert.equal(context.waiting.size, MAX_WAITING);
    assert.match(lines[0]!, /Too many clients wait for a cluster port clusterPort=61001/);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([undefined]));
    assert.ok(performance.now() - start >= 60);
    assert.equal(context.waiting.has(PORT_A), false);
  });
});

Deno.test("the end lets all go", async () => {
  await withHost(0, async (context) => {
    const waiting = context.waiting.wait(PORT_A, Infinity);
    context.ending = true;
    context.waiting.end();
    assert.equal(await waiting, undefined);
    assert.equal(await context.waiting.wait(PORT_A, Infinity), undefined);
  });
});
