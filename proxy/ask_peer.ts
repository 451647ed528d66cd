/** Asks the proxy of another host for a connection to one of its pods. */
import type { HostAddress } from "./conf/mod.ts";
import type { Shared } from "./context.ts";
import { type Connection, DialError, type Engine } from "./engine.ts";
import { EARLY_BYTES, PeerLine } from "./peer_line.ts";
import { formatRequest, parseReply } from "./wire.ts";

/** A target behind another proxy. Whoever has it closes the connection. */
export interface RemoteTarget {
  readonly answer: "ok";
  readonly connection: Connection;
  /** Reads the rest of the reply. `undefined` when it never came; the connection is closed then. */
  complete(): Promise<{ sendProxy: boolean; early: Uint8Array } | undefined>;
}

/** What came instead. */
export interface NoTarget {
  /** `local`: this machine could not ask. */
  readonly answer: "refused" | "busy" | "silent" | "local";
  /** It is the proxy itself that is not there. */
  readonly down: boolean;
  /** The other side ended the connection without a word, or broke it. */
  readonly wordless: boolean;
  readonly reason: string;
}

/** Every positive reply starts with this. */
const POSITIVE = "SENDPROXY=";

/** Connects to the proxy at `address`. */
export async function dialPeer(
  engine: Engine,
  address: HostAddress,
  timeoutMs: number,
): Promise<PeerLine | NoTarget> {
  try {
    return new PeerLine(await engine.dial(address, timeoutMs));
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    const { kind, message } = error;
    return { answer: kind, down: kind !== "local", wordless: false, reason: message };
  }
}

/**
 * Asks for cluster port `port` on a connection to a proxy.
 *
 * @param timeoutMs For the answer.
 * @param tentative The connection will perhaps be given up although the answer was positive. Then the
 * end of the reply stays unread until `complete`, so that closing before that is a reset: the
 * other side sees that nobody wants the connection, where it had to take a plain end for a half-close.
 */
export async function askPeer(
  engine: Engine,
  line: PeerLine,
  port: number,
  timeoutMs: number,
  tentative: boolean,
): Promise<RemoteTarget | NoTarget> {
  const asked = new Conversation(engine, line, timeoutMs);
  await asked.ask(port, tentative ? POSITIVE.length : EARLY_BYTES);
  if (asked.isPositive() && !asked.late) {
    return { answer: "ok", connection: line.connection, complete: () => asked.complete() };
  }
  line.connection.close();
  const wordless = line.bytes.length === 0 && !asked.late;
  const no = (answer: NoTarget["answer"], reason: string) => (
    { answer, down: false, wordless, reason }
  );
  const reply = parseReply(line.bytes);
  if (reply === "busy") return no("busy", "it is busy");
  if (asked.late) return no("silent", `no answer within ${timeoutMs} ms`);
  return no("refused", reply === "bad" ? "it answered with something else" : "it closed");
}

/** Notes what `host` answered instead of a target, and says so; without `port` it was not asked for one. */
export function remember(
  { memory, now, log, ending }: Shared,
  host: string,
  port: number | undefined,
  no: NoTarget,
): void {
  if (ending) return;
  const answer = no.answer === "silent" ? "silent" : "refused";
  if (no.answer === "local") {
    log.often("Cannot connect to other hosts", { host, error: no.reason });
  } else if (no.down || port === undefined) {
    memory.noteDown(host, answer, now());
    log.often("The proxy of a host is not reachable", { host, error: no.reason });
  } else {
    memory.note(host, port, no.answer, now());
    if (no.answer === "silent") log.often("A host is silent", { host, clusterPort: port });
    else log.debug("A host took no connection", { host, clusterPort: port, reason: no.reason });
  }
}

/** One request and its reply, read bit by bit, with a time limit that closes the connection. */
class Conversation {
  late = false;

  constructor(
    private readonly engine: Engine,
    private readonly line: PeerLine,
    private readonly timeoutMs: number,
  ) {}

  /** Sends the request, and reads until the answer is known; judged by what was read. */
  async ask(port: number, limit: number): Promise<void> {
    await this.#inTime(async () => {
      await this.line.send(formatRequest(port));
      while (!this.isPositive() && parseReply(this.line.bytes) === "more") {
        if (!await this.line.read(limit)) break;
      }
    });
  }

  isPositive(): boolean {
    const { bytes } = this.line;
    const reply = parseReply(bytes);
    if (reply !== "more") return typeof reply === "object";
    return new TextDecoder("latin1").decode(bytes).startsWith(POSITIVE);
  }

  async complete(): Promise<{ sendProxy: boolean; early: Uint8Array } | undefined> {
    const { line } = this;
    if (parseReply(line.bytes) === "more") {
      await this.#inTime(async () => {
        while (parseReply(line.bytes) === "more" && await line.read(EARLY_BYTES));
      });
    }
    const reply = parseReply(line.bytes);
    if (typeof reply === "object" && !this.late) {
      return { sendProxy: reply.sendProxy, early: line.bytes.subarray(reply.length) };
    }
    line.connection.close();
    return undefined;
  }

  async #inTime(talk: () => Promise<void>): Promise<void> {
    const stopTimer = this.engine.after(this.timeoutMs, () => {
      this.late = true;
      this.line.connection.close();
    });
    try {
      await talk();
    } catch { /* Closed or reset, by the other side or by the timer: judged by what was read. */ }
    stopTimer();
  }
}
