/**
 * Two-way copy between two connections, with half-close and back-pressure.
 *
 * Each direction holds one buffer and reads again only after it wrote all, so what is in flight
 * is bounded by the buffer and the kernel's. (`pipeTo` can't half-close and allocates per chunk.)
 */
import { BIG_BYTES, type BufferPool } from "./buffer_pool.ts";
import type {
  Bytes,
  Connection as WholeConnection,
  RelayCount,
  RelayEnd,
  RelayStart,
} from "./engine.ts";
import type { Opening } from "./opening.ts";

/** What is needed of a connection. */
export type Connection = Omit<WholeConnection, "readThen" | "writeThen">;

/** `end`: the source ended. The others: that end broke. */
type Outcome = "end" | "source broke" | "sink broke";

/** A big read that came back with less than this makes room for others. */
const BIG_ENOUGH = BIG_BYTES / 4;

/**
 * Passes bytes both ways until both ends are done, then closes both. Never rejects.
 *
 * @param count Where it counts what it passed on.
 */
export async function splice(
  client: Connection,
  target: Connection,
  start: RelayStart,
  pool: BufferPool,
  count = { toTarget: 0, toClient: 0 },
): Promise<RelayCount> {
  let end: RelayEnd = "closed";
  let ended = 0;
  let lastMs = start.idleMs ? performance.now() : 0;
  const passed = (direction: "toTarget" | "toClient") => (bytes: number) => {
    count[direction] += bytes;
    if (start.idleMs) lastMs = performance.now();
  };
  const [toTarget, toClient] = [passed("toTarget"), passed("toClient")];
  let over = false;
  const closeBoth = () => {
    over = true;
    client.close();
    target.close();
  };
  const stopIdling = whenIdle(start.idleMs ?? 0, () => lastMs, () => {
    end = "idle";
    closeBoth();
  });
  const finish = async (outcome: Outcome, source: Connection, sink: Connection) => {
    if (outcome === "source broke") {
      if (!over) end = source === client ? "reset by client" : "reset by target";
      over = true;
      sink.reset();
      source.close();
    } else if (++ended === 2) closeBoth();
    else if (outcome === "end") {
      // A sink that is gone by now has nothing to be told.
      await sink.closeWrite().catch(() => {});
      if (count.toTarget === 0 && count.toClient === 0) await closeIfGone(source, closeBoth);
    }
    // A sink that broke may have sent something before: the other direction runs to its end.
  };
  const up = async () => {
    const send = (data: Uint8Array) => {
      toTarget(data.length);
      return sendAll(target, data);
    };
    let outcome: Outcome | undefined;
    if (start.toTarget?.length) outcome = await send(start.toTarget);
    if (!outcome && start.opening) outcome = await open(client, start.opening, send, pool);
    outcome ??= await pump(client, target, toTarget, pool);
    await finish(outcome, client, target);
  };
  const down = async () => {
    let outcome: Outcome | undefined;
    if (start.toClient?.length) {
      toClient(start.toClient.length);
      outcome = await sendAll(client, start.toClient);
    }
    outcome ??= await pump(target, client, toClient, pool);
    await finish(outcome, target, client);
  };
  await Promise.all([up(), down()]);
  stopIdling();
  closeBoth();
  return { ...count, end };
}

/** Calls `action` once nothing happened for `idleMs` since `last()`. Returns what ends the watch. */
function whenIdle(idleMs: number, last: () => number, action: () => void): () => void {
  if (idleMs <= 0) return () => {};
  const look = () => {
    const leftMs = last() + idleMs - performance.now();
    if (leftMs <= 0) action();
    else timer = setTimeout(look, leftMs);
  };
  let timer = setTimeout(look, idleMs);
  return () => clearTimeout(timer);
}

/** How long after its end a source is asked whether it is gone altogether, in milliseconds. */
const GONE_MS = 50;

/**
 * A proxy that took another answer closes without having sent anything. That looks like a half-close,
 * only that a write fails: then nobody waits for what the other side may say.
 */
async function closeIfGone(source: Connection, closeBoth: () => void): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GONE_MS));
  await source.write(EMPTY).catch(closeBoth);
}

const EMPTY = new Uint8Array(0);

/** Copies until the source ends or one end breaks. */
async function pump(
  source: Connection,
  sink: Connection,
  passed: (bytes: number) => void,
  pool: BufferPool,
): Promise<Outcome> {
  let buffer = pool.small();
  for (;;) {
    let length: number | null;
    try {
      length = await source.read(buffer);
    } catch {
      return "source broke"; // The buffer is dropped, not reused: a late read may still write to it.
    }
    if (length === null) {
      pool.give(buffer);
      return "end";
    }
    passed(length);
    const full = length === buffer.length;
    // Nearly always one write takes all: no further promise for that.
    try {
      const written = await sink.write(full ? buffer : buffer.subarray(0, length));
      if (written < length && await sendAll(sink, buffer.subarray(written, length))) {
        return "sink broke";
      }
    } catch {
      return "sink broke";
    }
    const big = buffer.length === BIG_BYTES;
    if (big ? length < BIG_ENOUGH : full) {
      pool.give(buffer);
      buffer = big ? pool.small() : pool.big();
    }
  }
}

/** Writes all of `data`. */
async function sendAll(sink: Connection, data: Uint8Array): Promise<"sink broke" | undefined> {
  try {
    let rest = data;
    while (rest.length > 0) {
      const written = await sink.write(rest);
      if (written === rest.length) return undefined;
      rest = rest.subarray(written);
    }
    return undefined;
  } catch {
    return "sink broke";
  }
}

/** Lets `opening` look at what the client sends until it has seen enough. */
async function open(
  client: Connection,
  opening: Opening,
  send: (data: Uint8Array) => Promise<Outcome | undefined>,
  pool: BufferPool,
): Promise<Outcome | undefined> {
  const buffer = pool.small();
  const first = opening.start();
  let failed = first.length > 0 ? await send(first) : undefined;
  while (!failed && !opening.done) {
    let length: number | null;
    try {
      const reading = client.read(buffer);
      while (opening.patienceMs !== undefined && await isLate(reading, opening.patienceMs)) {
        failed = await send(opening.expire());
        if (failed) {
          reading.catch(() => {}); // Ends with the connection, and nobody needs it any more.
          return failed;
        }
      }
      length = await reading;
    } catch {
      return "source broke";
    }
    if (length === null) return await send(opening.end()) ?? "end";
    failed = await send(take(opening, buffer, length));
  }
  if (!failed) pool.give(buffer);
  return failed;
}

/** After `expire` ended the opening, what comes is data like any other. */
function take(opening: Opening, buffer: Bytes, length: number): Uint8Array {
  const bytes = buffer.subarray(0, length);
  return opening.done || opening.passes(buffer[0]!) ? bytes : opening.take(bytes);
}

/** Whether `reading` takes longer than `ms`. Rejects when it does. */
async function isLate(reading: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(resolve, ms, true));
  try {
    return await Promise.race([reading.then(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
