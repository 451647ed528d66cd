import assert from "node:assert/strict";
import { BIG_BYTES, BufferPool } from "./buffer_pool.ts";
import type { Bytes } from "./engine.ts";
import { Opening } from "./opening.ts";
import { type Connection, splice } from "./splice.ts";
import { bytesOf, until } from "./test_kit.ts";

/** One end of a connection in memory: what it sends is given, what it gets is kept. */
class FakeConnection implements Connection {
  readonly local = { hostname: "127.0.0.1", port: 1 };
  readonly remote = { hostname: "127.0.0.1", port: 2 };
  readonly #incoming: (Bytes | null | Error)[] = [];
  #wake = () => {};
  received = "";
  receivedBytes = 0;
  readBytes = 0;
  ended = false;
  closed = false;
  wasReset = false;
  /** Set to hold writes back until it resolves. */
  gate: Promise<void> | undefined;
  writeError: Error | undefined;

  /** Lets the other side read `chunk`, the end (`null`), or an error. */
  feed(chunk: string | Bytes | null | Error): void {
    this.#incoming.push(typeof chunk === "string" ? bytesOf(chunk) : chunk);
    this.#wake();
  }

  async read(buffer: Bytes): Promise<number | null> {
    while (this.#incoming.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.closed) throw new Deno.errors.BadResource("closed");
    const next = this.#incoming.shift()!;
    if (next === null) return null;
    if (next instanceof Error) throw next;
    const length = Math.min(next.length, buffer.length);
    buffer.set(next.subarray(0, length));
    if (length < next.length) this.#incoming.unshift(next.subarray(length));
    this.readBytes += length;
    return length;
  }

  async write(data: Uint8Array): Promise<number> {
    await this.gate;
    if (this.closed || this.writeError) throw this.writeError ?? new Deno.errors.BadResource("x");
    const part = data.subarray(0, Math.max(1, data.length >> 1));
    this.receivedBytes += part.length;
    if (data.length < 1000) this.received += new TextDecoder().decode(part);
    return data.length === 0 ? 0 : part.length;
  }

  closeWrite(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  reset(): void {
    this.wasReset = true;
    this.close();
  }

  close(): void {
    this.closed = true;
    this.#wake();
  }
}

const pair = () => [new FakeConnection(), new FakeConnection()] as const;

Deno.test("bytes go both ways, ends one way each, and the second end closes", async () => {
  const [client, target] = pair();
  const done = splice(
    client,
    target,
    { toTarget: bytesOf("<"), toClient: bytesOf(">") },
    new BufferPool(),
  );
  client.feed("question");
  client.feed(null);
  await until(() => target.ended, "the target hears the end");
  assert.equal(client.closed, false);
  target.feed("answer");
  target.feed(null);
  assert.deepEqual(await done, { toTarget: 9, toClient: 7, end: "closed" });
  assert.deepEqual([target.received, client.received], ["<question", ">answer"]);
  assert.ok(client.closed && target.closed);
});

Deno.test("a source that breaks ends both at once, with a reset for the other", async () => {
  const [client, target] = pair();
  const done = splice(client, target, {}, new BufferPool());
  target.feed(new Error("reset"));
  assert.equal((await done).end, "reset by target");
  assert.ok(client.wasReset && target.closed);
});

Deno.test("a relay in which nothing moves ends after idleMs, one in which something does goes on", async () => {
  const [client, target] = pair();
  const done = splice(client, target, { idleMs: 50 }, new BufferPool());
  const talk = setInterval(() => target.feed("x"), 10);
  await until(() => client.receivedBytes > 20, "more time than idleMs has passed");
  assert.equal(target.closed, false);
  clearInterval(talk);
  assert.equal((await done).end, "idle");
  assert.ok(client.closed && target.closed);
});

Deno.test("a sink that broke may still have its say", async () => {
  const [client, target] = pair();
  const done = splice(client, target, {}, new BufferPool());
  target.writeError = new Error("broken pipe");
  client.feed("upload");
  target.feed("413 too large");
  await until(() => client.received === "413 too large", "the client has the answer");
  target.feed(new Error("reset"));
  await done;
  assert.ok(client.closed && target.closed);
});

Deno.test("what is in flight is at most one buffer", async () => {
  const [client, target] = pair();
  let open = () => {};
  target.gate = new Promise((resolve) => open = resolve);
  const done = splice(client, target, {}, new BufferPool());
  const chunk = new Uint8Array(1024 * 1024);
  for (let index = 0; index < 16; index++) client.feed(chunk);
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.ok(client.readBytes - target.receivedBytes <= BIG_BYTES);
  }
  target.gate = undefined;
  open();
  const watchFlight = setInterval(() => {
    assert.ok(client.readBytes - target.receivedBytes <= BIG_BYTES);
  }, 1);
  client.feed(null);
  await until(() => target.ended, "all is through");
  clearInterval(watchFlight);
  assert.equal(target.receivedBytes, 16 * chunk.length);
  target.feed(null);
  await done;
});

Deno.test("an opening decides about the client's first bytes and holds nothing of the target's", async () => {
  const [client, target] = pair();
  const opening = new Opening(true, 10_000, () => bytesOf("MADE "));
  const done = splice(client, target, { opening }, new BufferPool());
  target.feed("220 hello");
  await until(() => client.received === "220 hello", "the greeting is through");
  client.feed("GET /");
  client.feed(" HTTP");
  await until(() => target.received === "MADE GET / HTTP", "the rest is through");
  client.feed(null);
  target.feed(null);
  await done;
});

Deno.test("a header that does not come is made in time, and the first bytes still pass", async () => {
  const [client, target] = pair();
  const opening = new Opening(true, 10, () => bytesOf("MADE "));
  const done = splice(client, target, { opening }, new BufferPool());
  await until(() => target.received === "MADE ", "the header is made");
  client.feed("PROXY UNKNOWN\r\nlate");
  await until(() => target.received === "MADE late", "a late header is taken off");
  target.feed(new Error("reset"));
  await done;
});

Deno.test("a target that breaks before the client speaks ends the connection", async () => {
  const [client, target] = pair();
  target.writeError = new Error("broken pipe");
  const opening = new Opening(true, 5, () => bytesOf("MADE "));
  const done = splice(client, target, { opening }, new BufferPool());
  target.feed(null);
  await done;
  assert.ok(client.closed && target.closed);
});

Deno.test("an end without a byte, from someone who is gone, is no half-close", async () => {
  const [client, target] = pair();
  const done = splice(client, target, {}, new BufferPool());
  client.writeError = new Error("broken pipe");
  client.feed(null);
  await done;
  assert.ok(target.closed);
});
