/** Asks the proxy of another host for a connection to one of its pods. */
import type { HostAddress } from "./conf/mod.ts";
import { type Bytes, type Connection, DialError, type Engine } from "./engine.ts";
import { formatRequest, parseReply } from "./wire.ts";

/** A target behind another proxy. Whoever has it closes the connection. */
export interface RemoteTarget {
  readonly answer: "ok";
  readonly connection: Connection;
  /** Reads the rest of the reply. `undefined` when it never came; the connection is closed then. */
  complete(): Promise<{ sendProxy: boolean; early: Uint8Array } | undefined>;
}

/** What came instead. `down`: it is the proxy itself that is not there. `local`: this machine could not ask. */
export interface NoTarget {
  readonly answer: "refused" | "busy" | "silent" | "local";
  readonly down: boolean;
  readonly reason: string;
}

/** Every positive reply starts with this. */
const POSITIVE = "SENDPROXY=";
/** Enough for the reply and what a server that speaks first says at once. */
const EARLY_BYTES = 1024;

/**
 * Asks the proxy at `address` for cluster port `port`.
 *
 * @param timeoutMs For the connect, and again for the answer.
 * @param tentative The connection will perhaps be given up although the answer was positive. Then the
 * end of the reply stays unread until `complete`, so that closing before that is a reset: the
 * other side sees that nobody wants the connection, where it had to take a plain end for a half-close.
 */
export async function askPeer(
  engine: Engine,
  address: HostAddress,
  port: number,
  timeoutMs: number,
  tentative: boolean,
): Promise<RemoteTarget | NoTarget> {
  let connection: Connection;
  try {
    connection = await engine.dial(address, timeoutMs);
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    return { answer: error.kind, down: error.kind !== "local", reason: error.message };
  }
  const asked = new Conversation(engine, connection, timeoutMs);
  try {
    await asked.send(formatRequest(port));
    const limit = tentative ? POSITIVE.length : EARLY_BYTES;
    while (!asked.isDecided()) if (!await asked.read(limit)) break;
  } catch { /* Closed or reset, by the other side or by the timer: judged by what was read. */ }
  asked.stop();
  if (asked.isPositive() && !asked.late) {
    return { answer: "ok", connection, complete: () => asked.complete() };
  }
  connection.close();
  const reply = parseReply(asked.bytes);
  if (reply === "busy") return { answer: "busy", down: false, reason: "it is busy" };
  if (asked.late) {
    return { answer: "silent", down: false, reason: `no answer within ${timeoutMs} ms` };
  }
  const reason = reply === "bad" ? "it answered with something else" : "it closed";
  return { answer: "refused", down: false, reason };
}

/** One request and its reply, read bit by bit, with a time limit that closes the connection. */
class Conversation {
  readonly #buffer: Bytes = new Uint8Array(EARLY_BYTES);
  #length = 0;
  late = false;
  #stopTimer = () => {};

  constructor(
    private readonly engine: Engine,
    private readonly connection: Connection,
    private readonly timeoutMs: number,
  ) {
    this.#startTimer();
  }

  get bytes(): Bytes {
    return this.#buffer.subarray(0, this.#length);
  }

  stop(): void {
    this.#stopTimer();
  }

  async send(data: Uint8Array): Promise<void> {
    for (let sent = 0; sent < data.length;) {
      sent += await this.connection.write(data.subarray(sent));
    }
  }

  /** Reads on, up to `limit` bytes in all; `false` at the end. */
  async read(limit: number): Promise<boolean> {
    const read = await this.connection.read(this.#buffer.subarray(this.#length, limit));
    this.#length += read ?? 0;
    return read !== null;
  }

  isPositive(): boolean {
    const text = new TextDecoder("latin1").decode(this.bytes);
    const reply = parseReply(this.bytes);
    return typeof reply === "object" || (reply === "more" && text.startsWith(POSITIVE));
  }

  isDecided(): boolean {
    return this.isPositive() || parseReply(this.bytes) !== "more";
  }

  async complete(): Promise<{ sendProxy: boolean; early: Uint8Array } | undefined> {
    if (parseReply(this.bytes) === "more") {
      this.#startTimer();
      try {
        while (parseReply(this.bytes) === "more" && await this.read(EARLY_BYTES));
      } catch { /* As above: judged by what was read. */ }
      this.stop();
    }
    const reply = parseReply(this.bytes);
    if (typeof reply === "object" && !this.late) {
      return { sendProxy: reply.sendProxy, early: this.bytes.subarray(reply.length) };
    }
    this.connection.close();
    return undefined;
  }

  #startTimer(): void {
    this.#stopTimer = this.engine.after(this.timeoutMs, () => {
      this.late = true;
      this.connection.close();
    });
  }
}
