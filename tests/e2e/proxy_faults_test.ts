/**
 * What goes wrong between hosts, done to real proxies in network namespaces. After each: no connection,
 * no memory stays, and other people's traffic went on.
 */
import assert from "node:assert/strict";
import { FaultLab, FILES_SLACK } from "../proxy/fault_lab.ts";
import { whyNoLab } from "../proxy/net_lab.ts";
import type { Program } from "../proxy/program.ts";
import { PORT_A, ROUTER } from "../proxy/proxy_host.ts";
import { eventually } from "../shell/pod_folder.ts";

const reason = await whyNoLab();

function fault(
  what: string,
  test: (lab: FaultLab) => Promise<void>,
  { othersSuffer = false, conf = "" } = {},
): void {
  Deno.test({
    name: `${what}${reason ? ` (skipped: ${reason})` : ""}`,
    ignore: reason !== undefined,
    fn: async () => {
      await using lab = await FaultLab.create(conf);
      await test(lab);
      await lab.recovered(what, othersSuffer);
    },
  });
}

/** What takes the place of b's proxy, and what its clients get from it. */
const PEERS = [
  { mode: "close", slowestMs: 1000 },
  { mode: "garbage", slowestMs: 1000 },
  { mode: "mute", slowestMs: 5000 },
  { mode: "half", slowestMs: 5000 },
  { mode: "late", slowestMs: 5000 },
] as const;

for (const { mode, slowestMs } of PEERS) {
  fault(`a peer that answers wrongly (${mode}) is passed over`, async (lab) => {
    await lab.hosts.b.stop("SIGKILL");
    const fake = lab.on("b", "fake_peer", ROUTER, PORT_A, mode);
    await fake.until("ready");
    // The memory of b's answers from before it broke is what makes it hard.
    const asked = await lab.ask(200, 50);
    assert.deepEqual(asked.answers, { c: 200 });
    assert.ok(asked.slowestMs < slowestMs, `${asked.slowestMs} ms`);
    await fake.end("SIGKILL");
    await lab.hosts.b.start();
    await lab.answeredBy("b");
  });
}

fault("a peer that answers one byte at a time is understood", async (lab) => {
  await lab.onlyB();
  await lab.hosts.b.stop("SIGKILL");
  const fake = lab.on("b", "fake_peer", ROUTER, PORT_A, "drip");
  await fake.until("ready");
  assert.deepEqual((await lab.ask(100, 20)).answers, { drip: 100 });
  await fake.end("SIGKILL");
  await lab.hosts.b.start();
  await lab.answeredBy("b");
});

fault("a peer that dies in the middle of the handshake", async (lab) => {
  await lab.hosts.b.stop("SIGKILL");
  const fake = lab.on("b", "fake_peer", ROUTER, PORT_A, "half");
  await fake.until("ready");
  const asking = lab.ask(400, 50);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await fake.end("SIGKILL");
  assert.deepEqual((await asking).answers, { c: 400 });
  await lab.hosts.b.start();
  await lab.answeredBy("b");
});

fault("a peer that dies with streams through it: they end, and nothing else does", async (lab) => {
  const streams = lab.client("streams", PORT_A, 40);
  const { b, c } = await streams.json();
  assert.ok(b > 0 && c > 0, `streams to b: ${b}, to c: ${c}`);
  await lab.hosts.b.stop("SIGKILL");
  assert.deepEqual((await lab.ask(100)).answers, { c: 100 });
  await streams.tell("who lives");
  assert.deepEqual(await streams.json(), { c });
  await lab.hosts.b.start();
  await lab.answeredBy("b");
  await streams.end();
});

fault("a host that vanishes without a word, and comes back", async (lab) => {
  const streams = lab.client("streams", PORT_A, 40);
  const { b, c } = await streams.json();
  assert.ok(b > 0 && c > 0, `streams to b: ${b}, to c: ${c}`);
  await lab.net.vanish("b");
  const first = await lab.ask(50, 10);
  assert.deepEqual(first.answers, { c: 50 });
  assert.ok(first.slowestMs < 10_000, `a new client waited for ${first.slowestMs} ms`);
  const later = await lab.ask(200, 10);
  assert.deepEqual(later.answers, { c: 200 });
  assert.ok(later.slowestMs < 2900, `a later client waited for ${later.slowestMs} ms`);
  await lab.net.comeBack("b");
  await lab.answeredBy("b");
  await streams.tell("who lives");
  assert.deepEqual(
    await streams.json(),
    { b, c },
    "streams outlive a cut that is shorter than TCP's patience",
  );
  await streams.end();
}, { conf: "KEEPALIVESECONDS 120\n" });

// Deno's own engine shows nothing of what the kernel knows.
if (Deno.env.get("PROXY_ENGINE") !== "deno") {
  fault(
    "a host that stays away: connections with it end at both ends, and no others",
    async (lab) => {
      const { a, b, c } = lab.hosts;
      const [baseA, baseB, baseC] = [a.files, b.files, c.files];
      const streams = lab.client("streams", PORT_A, 20);
      const open = await streams.json();
      assert.ok(open.b > 0 && open.c > 0, JSON.stringify(open));
      const held: Program[] = [];
      for (const kind of ["silent", "slow"]) {
        held.push(lab.client("hold", PORT_A, 20, kind));
        await held.at(-1)!.until("ready");
      }
      await eventually("the slow ones are served", () => a.files >= baseA + 100);
      const [fullA, fullC] = [a.files, c.files];
      await lab.net.vanish("b");
      await streams.tell("who lives");
      assert.deepEqual(await streams.json(), { c: open.c });
      await a.proxy.until("A host acknowledges nothing", 60_000);
      await eventually("b has let go of all", () => b.files <= baseB + FILES_SLACK, 60_000);
      await eventually(
        "a has let go of its half",
        () => a.files - baseA < (fullA - baseA) * 0.75,
        60_000,
      );
      // Of those to c some read nothing, for longer than a lost host is given.
      assert.ok(c.files - baseC > (fullC - baseC) * 0.75, `${baseC}, ${fullC}, now ${c.files}`);
      await lab.net.comeBack("b");
      await lab.answeredBy("b");
      for (const each of held) {
        await each.tell("enough");
        await each.until("closed");
      }
      await streams.end();
    },
    { conf: "KEEPALIVESECONDS 3\n" },
  );
}

/**
 * Does the same bad thing four times. What a connection takes is about as much as its share of the
 * first round, so a leak of them shows as a multiple of that.
 */
async function fourTimes(lab: FaultLab, burden: () => Promise<void>): Promise<void> {
  const memory: number[] = [];
  for (let round = 0; round < 4; round++) {
    await burden();
    await lab.closedAll();
    memory.push(lab.hosts.a.rssMb);
  }
  const [first, , , last] = memory as [number, number, number, number];
  assert.ok(last < first * 1.8 + 40, `MB after each round: ${memory.map(Math.round)}`);
}

for (const kind of ["silent", "half-closed", "half-header"]) {
  fault(`2,000 clients that are ${kind}`, (lab) =>
    fourTimes(lab, async () => {
      const holding = lab.client("hold", PORT_A, 2000, kind);
      await holding.until("ready");
      // A pod that echoes ends its side when the client does, so those are over by then.
      if (kind !== "half-closed") {
        await eventually("all are served", () => lab.hosts.a.files > 4000);
      }
      assert.ok((await lab.ask(100)).slowestMs < 15_000);
      await holding.tell("enough");
      await holding.until("closed");
    }));
}

fault("50 clients that ask for a flood and read nothing", (lab) =>
  fourTimes(lab, async () => {
    const holding = lab.client("hold", PORT_A, 50, "slow");
    await holding.until("ready");
    await lab.ask(300);
    await holding.tell("enough");
    await holding.until("closed");
  }));

for (const kind of ["early", "late"]) {
  fault(`3,000 clients that reset their connection ${kind}`, async (lab) => {
    const storm = lab.client("reset", PORT_A, 3000, kind);
    await lab.ask(300);
    await storm.until("done");
  });
}

fault(
  "more clients than open files: it goes on with those it has, and then with all",
  async (lab) => {
    const { code, stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -Hn"] }).output();
    const limit = code === 0 ? Number(new TextDecoder().decode(stdout)) : 0;
    // Each client takes two of the proxy's files and one of its own.
    const count = Math.ceil(limit / 2) + 500;
    if (!(limit <= 25_000)) return; // Nobody reaches such a limit here.
    const holding = lab.client("hold", PORT_A, count, "silent");
    await eventually("the files are used up", () => lab.hosts.a.files > limit - 50, 60_000);
    await lab.hosts.a.proxy.until("Cannot accept connections for the moment");
    await holding.end("SIGKILL");
    await lab.closedAll();
    await lab.ask(300);
  },
  { othersSuffer: true },
);
