/**
 * What goes wrong between hosts, done to real proxies in network namespaces. After each: no connection,
 * no memory stays, and other people's traffic went on.
 */
import assert from "node:assert/strict";
import { FaultLab } from "../proxy/fault_lab.ts";
import { whyNoLab } from "../proxy/net_lab.ts";
import { PORT_A, ROUTER } from "../proxy/proxy_host.ts";
import { eventually } from "../shell/pod_folder.ts";

const reason = await whyNoLab();

function fault(what: string, test: (lab: FaultLab) => Promise<void>): void {
  Deno.test({
    name: `${what}${reason ? ` (skipped: ${reason})` : ""}`,
    ignore: reason !== undefined,
    fn: async () => {
      await using lab = await FaultLab.create();
      await test(lab);
      await lab.recovered({ what });
    },
  });
}

/** What takes the place of b's proxy, and what its clients get from it. */
const PEERS = [
  { mode: "close", slowestMs: 1000 },
  { mode: "garbage", slowestMs: 1000 },
  { mode: "mute", slowestMs: 4000 },
  { mode: "half", slowestMs: 4000 },
  { mode: "late", slowestMs: 4000 },
  { mode: "drip", slowestMs: 4000, answers: true },
] as const;

for (const { mode, slowestMs, ...peer } of PEERS) {
  fault(`a peer that answers wrongly (${mode}) is passed over`, async (lab) => {
    await lab.hosts.b.stop("SIGKILL");
    const fake = lab.on("b", "fake_peer", ROUTER, mode);
    await fake.until("ready");
    // The memory of b's answers from before it broke is what makes it hard.
    const asked = await lab.ask(200, 50);
    assert.equal((asked.answers["c"] ?? 0) + (asked.answers["drip"] ?? 0), 200);
    assert.equal((asked.answers["drip"] ?? 0) > 0, "answers" in peer);
    assert.ok(asked.slowestMs < slowestMs, `${asked.slowestMs} ms`);
    await fake.end("SIGKILL");
    await lab.hosts.b.start();
    await lab.answeredBy("b");
  });
}

fault("a peer that dies in the middle of the handshake", async (lab) => {
  await lab.hosts.b.stop("SIGKILL");
  const fake = lab.on("b", "fake_peer", ROUTER, "half");
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
  assert.ok(first.slowestMs < 3000, `a new client waited for ${first.slowestMs} ms`);
  const later = await lab.ask(200, 10);
  assert.deepEqual(later.answers, { c: 200 });
  assert.ok(later.slowestMs < 1500, `a later client waited for ${later.slowestMs} ms`);
  await lab.net.comeBack("b");
  await lab.answeredBy("b");
  await streams.tell("who lives");
  assert.deepEqual(
    await streams.json(),
    { b, c },
    "streams outlive a cut that is shorter than TCP's patience",
  );
  await streams.end();
});

for (const kind of ["silent", "half-closed", "half-header"]) {
  fault(`3,000 clients that are ${kind}`, async (lab) => {
    const holding = lab.client("hold", PORT_A, 3000, kind);
    await holding.until("ready");
    assert.ok(lab.hosts.a.files > (kind === "half-closed" ? 0 : 6000));
    assert.equal((await lab.ask(100)).slowestMs < 5000, true);
    await holding.tell("enough");
    await holding.until("closed");
  });
}

fault("200 clients that ask for a flood and read nothing", async (lab) => {
  const holding = lab.client("hold", PORT_A, 200, "slow");
  await holding.until("ready");
  await lab.ask(300);
  await holding.tell("enough");
  await holding.until("closed");
});

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
    await lab.answeredBy("b");
  },
);
