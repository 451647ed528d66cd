import assert from "node:assert/strict";
import { Opening, PARTIAL_MS } from "../opening.ts";
import { bytesOf, receive, send } from "../test_kit.ts";
import { eachEngine, type Joined } from "./engines.ts";

const MADE = "PROXY TCP4 10.9.8.7 127.0.0.1 5 6\r\n";
const SENT = "PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n";
const LATER = 60_000;

/** An opening of a target that wants a header (or not), from a client that gets `waitMs` to send one. */
const opening = (wanted: boolean, waitMs: number) =>
  new Opening(wanted, waitMs, () => bytesOf(MADE));

/** What the target gets of `parts`, which are sent one after the other has arrived somewhere. */
async function through({ client, target, ended }: Joined, parts: string[]): Promise<string> {
  for (const part of parts) {
    await send(client, part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await client.closeWrite();
  const text = await receive(target);
  target.close();
  assert.deepEqual(await ended, { toTarget: text.length, toClient: 0, end: "closed" });
  return text;
}

const CASES: {
  readonly name: string;
  readonly wanted: boolean;
  readonly waitMs: number;
  readonly parts: string[];
  readonly gets: string;
}[] = [
  {
    name: "a header is made where none is expected",
    wanted: true,
    waitMs: 0,
    parts: ["data"],
    gets: MADE + "data",
  },
  {
    name: "a header made in vain: the client's own is taken off",
    wanted: true,
    waitMs: 0,
    parts: [SENT + "data"],
    gets: MADE + "data",
  },
  {
    name: "an expected header is forwarded",
    wanted: true,
    waitMs: LATER,
    parts: [SENT + "data"],
    gets: SENT + "data",
  },
  {
    name: "an expected header in pieces is forwarded",
    wanted: true,
    waitMs: LATER,
    parts: [SENT.slice(0, 3), SENT.slice(3, -1), SENT.slice(-1) + "da", "ta"],
    gets: SENT + "data",
  },
  {
    name: "an expected header that is none: one is made",
    wanted: true,
    waitMs: LATER,
    parts: ["GET /", " HTTP"],
    gets: MADE + "GET / HTTP",
  },
  {
    name: "a header nobody wants is taken off",
    wanted: false,
    waitMs: 0,
    parts: [SENT.slice(0, 7), SENT.slice(7) + "data"],
    gets: "data",
  },
  {
    name: "what only looks like a header is data",
    wanted: false,
    waitMs: 0,
    parts: ["PROXY", " of mine"],
    gets: "PROXY of mine",
  },
  {
    name: "a client that ends amid a header",
    wanted: true,
    waitMs: LATER,
    parts: ["PRO"],
    gets: MADE + "PRO",
  },
  {
    name: "a client that ends without a byte",
    wanted: true,
    waitMs: LATER,
    parts: [],
    gets: MADE,
  },
];

for (const { name, wanted, waitMs, parts, gets } of CASES) {
  eachEngine(`opening: ${name}`, async (bench) => {
    assert.equal(
      await through(await bench.join({ opening: opening(wanted, waitMs) }), parts),
      gets,
    );
  });
}

eachEngine("opening: what the target sends is never held back", async (bench) => {
  const joined = await bench.join({ opening: opening(true, LATER) });
  await send(joined.target, "220 hello\n");
  assert.equal(await receive(joined.client, "\n"), "220 hello\n");
});

eachEngine(
  "opening: a header that does not come is made in time, a late one taken off",
  async (bench) => {
    const { client, target, ended } = await bench.join({ opening: opening(true, 30) });
    assert.equal(await receive(target, "\n"), MADE);
    await send(client, SENT + "late\n");
    assert.equal(await receive(target, "\n"), "late\n");
    await send(client, "more\n");
    assert.equal(await receive(target, "\n"), "more\n");
    client.close();
    target.close();
    assert.equal((await ended).toTarget, MADE.length + 10);
  },
);

eachEngine(
  "opening: the start of a header that does not go on is data after a while",
  async (bench) => {
    const { client, target } = await bench.join({ opening: opening(false, 0) });
    const began = performance.now();
    await send(client, "PROXY T");
    assert.equal(await receive(target, "T"), "PROXY T");
    assert.ok(performance.now() - began >= PARTIAL_MS * 0.9);
    await send(client, "CP4 x");
    assert.equal(await receive(target, "x"), "CP4 x");
  },
);

eachEngine("opening: early bytes of a proxy go before it", async (bench) => {
  const { client, target } = await bench.join({
    opening: opening(true, LATER),
    toTarget: bytesOf("<"),
  });
  await send(client, SENT + "data\n");
  assert.equal(await receive(target, "a\n"), "<" + SENT + "data\n");
});

eachEngine("opening: a target that goes away ends the connection", async (bench) => {
  const { client, target, ended } = await bench.join({ opening: opening(true, 50) });
  target.close();
  assert.equal(await receive(client), "");
  client.close();
  await ended;
});
