/** Asks the proxy of another host for a connection to one of its pods. */
import type { HostAddress } from "./conf/mod.ts";
import type { Shared } from "./context.ts";
import { type Connection, DialError, type Engine } from "./engine.ts";
import { EARLY_BYTES, PeerLine } from "./peer_line.ts";
import { formatRequest, parseReply, type Reply } from "./wire.ts";

/** A target behind another proxy. Whoever has it closes the connection. */
export interface RemoteTarget {
  readonly answer: "ok";
  readonly connection: Connection;
  /** Reads the rest of the reply. When it does not come, the connection is closed. */
  complete(done: (reply: WholeReply | NoTarget) => void): void;
}

/** What a target is like. */
export interface WholeReply {
  readonly answer: "ok";
  /** Whether the pod wants a PROXY header. */
  readonly sendProxy: boolean;
  /** What it sent already. */
  readonly early: Uint8Array;
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

const NOTHING = new Uint8Array(0);
/** Of a positive reply as much as tells it from all others, and leaves a byte of it unread. */
const NEARLY = { pattern: /^SENDPROXY=(true\r|false)$/, bytes: 15 };

/** Connects to the proxy at `address`. */
export function dialPeer(
  engine: Engine,
  address: HostAddress,
  timeoutMs: number,
  done: (line: PeerLine | NoTarget) => void,
): void {
  engine.dial(address, timeoutMs, (dialled) => {
    if (!(dialled instanceof DialError)) return done(new PeerLine(dialled));
    const { kind, message } = dialled;
    done({ answer: kind, down: kind !== "local", wordless: false, reason: message });
  });
}

/**
 * Asks for cluster port `port` on a connection to a proxy.
 *
 * @param timeoutMs For the answer.
 * @param tentative The connection will perhaps be given up although the answer was positive. The
 * other side has to see that by a reset, where it had to take a plain end for a half-close. An engine
 * that can't make one leaves the last byte of the reply unread until `complete`.
 */
export function askPeer(
  engine: Engine,
  line: PeerLine,
  port: number,
  timeoutMs: number,
  tentative: boolean,
  done: (found: RemoteTarget | NoTarget) => void,
): void {
  const asked = new Conversation(engine, line, timeoutMs, tentative && !engine.resets);
  asked.ask(port, () => {
    if (!asked.isPositive()) return done(asked.failure());
    const complete: RemoteTarget["complete"] = (heard) => asked.complete(heard);
    done({ answer: "ok", connection: line.connection, complete });
  });
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
  #late = false;

  /** @param nearly Whether a positive reply is not read to its end. */
  constructor(
    private readonly engine: Engine,
    private readonly line: PeerLine,
    private readonly timeoutMs: number,
    private readonly nearly: boolean,
  ) {}

  /** Sends the request, and reads until the answer is known; judged by what was read. */
  ask(port: number, done: () => void): void {
    const { line } = this;
    const ended = this.#limitTime(done);
    const limit = this.nearly ? NEARLY.bytes : EARLY_BYTES;
    const heard = (more: boolean) => {
      if (more && !this.isPositive() && this.#reply() === "more") line.read(limit, heard);
      else ended();
    };
    line.send(formatRequest(port), (sent) => heard(sent));
  }

  isPositive(): boolean {
    if (this.#late) return false;
    if (typeof this.#reply() === "object") return true;
    const { buffer, length } = this.line;
    return this.nearly &&
      NEARLY.pattern.test(new TextDecoder("latin1").decode(buffer.subarray(0, length)));
  }

  /** Reads the whole reply. */
  complete(done: (reply: WholeReply | NoTarget) => void): void {
    const { line } = this;
    const judge = () => {
      const reply = this.#reply();
      if (typeof reply !== "object" || this.#late) return done(this.failure());
      const { sendProxy, length } = reply;
      const early = line.length > length ? line.buffer.slice(length, line.length) : NOTHING;
      done({ answer: "ok", sendProxy, early });
    };
    if (this.#reply() !== "more") return judge();
    const ended = this.#limitTime(judge);
    const heard = (more: boolean) => {
      if (more && this.#reply() === "more") line.read(EARLY_BYTES, heard);
      else ended();
    };
    line.read(EARLY_BYTES, heard);
  }

  /** What came instead of a positive reply. Closes the connection. */
  failure(): NoTarget {
    const { line, timeoutMs } = this;
    line.connection.close();
    const wordless = line.length === 0 && !this.#late;
    const no = (answer: NoTarget["answer"], reason: string) => (
      { answer, down: false, wordless, reason }
    );
    const reply = this.#reply();
    if (reply === "busy") return no("busy", "it is busy");
    if (this.#late) return no("silent", `no answer within ${timeoutMs} ms`);
    return no("refused", reply === "bad" ? "it answered with something else" : "it closed");
  }

  #reply(): Reply {
    return parseReply(this.line.buffer, this.line.length);
  }

  /** From now on; closing the connection ends what goes on with it. What it returns ends the time, and calls `done`. */
  #limitTime(done: () => void): () => void {
    const stopTimer = this.engine.after(this.timeoutMs, () => {
      this.#late = true;
      this.line.connection.close();
    });
    return () => {
      stopTimer();
      done();
    };
  }
}
