/** One SSH connection: programs and forwarded streams over it. */
import type { Duplex } from "node:stream";
import { messageOf } from "../errors.ts";
import { HopError } from "./hop_error.ts";
import type { Login } from "./identities.ts";
import type { Hop } from "./route.ts";
import { type Client, type ClientChannel, type ConnectConfig, SshClient } from "./ssh2.ts";

/** Of the 10 sessions that sshd allows at a time by default some are left for those who end others. */
const SESSIONS = 8;

/** Milliseconds to wait when no further session is allowed: at first, and before giving up. */
const FIRST_DELAY_MS = 20;
const LAST_DELAY_MS = 5000;

/** Milliseconds that a connection has to end in good order. */
const END_MS = 1000;

export interface DialOptions {
  readonly hop: Hop;
  /** The host that is to be reached in the end, for messages. */
  readonly target: string;
  /** The stream to the hop through the one before it; without it the address is dialled. */
  readonly stream?: Duplex;
  readonly login: Login;
  /** Types of host keys to accept; all when absent. */
  readonly hostKeyTypes?: readonly string[];
  /** Throws when the hop's public key is not the right one. */
  readonly verify: (key: Uint8Array) => void;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
}

/** An open connection to one hop. */
export class SshConnection {
  #sessions = 0;
  #limit = SESSIONS;
  readonly #waiting: (() => void)[] = [];
  readonly #closed: Promise<void>;

  private constructor(
    readonly client: Client,
    readonly hop: Hop,
    readonly stream: Duplex | undefined,
  ) {
    this.#closed = new Promise((resolve) => client.once("close", () => resolve()));
  }

  /**
   * Connects and logs in.
   *
   * @throws {HopError} saying which of the two failed
   */
  static dial(options: DialOptions): Promise<SshConnection> {
    const { hop, signal } = options;
    const client = new SshClient();
    const connection = new SshConnection(client, hop, options.stream);
    const { promise, resolve, reject } = Promise.withResolvers<SshConnection>();
    const problems: string[] = [];
    let refusal: unknown;
    const fail = (error: unknown) => {
      client.destroy();
      connection.#end().then(() => reject(refusal ?? error));
    };
    const abort = () => fail(new HopError("unreachable", `gave up connecting to "${hop.name}"`));
    signal.addEventListener("abort", abort);
    client.on("error", (error: Error & { level?: string }) => {
      problems.push(error.message);
      // One key that can't be used may still be followed by another one that can.
      const goesOn = error.level === "agent" || error.level === "client-authentication" &&
          !error.message.startsWith("All configured");
      if (!goesOn) fail(connectError(options, error, problems));
    });
    client.once("close", () => fail(connectError(options, new Error("closed"), problems)));
    // A stream through a jump host may end without being closed: nothing comes on it any more.
    client.once("end", () => fail(connectError(options, new Error("closed"), problems)));
    client.once("ready", () => resolve(connection));
    const verify = (key: Uint8Array) => {
      try {
        options.verify(key);
        return true;
      } catch (error) {
        refusal = error;
        return false;
      }
    };
    try {
      client.connect(configOf(options, verify));
      // Without it each question waits for the answer to the one before.
      client.setNoDelay(true);
    } catch (error) {
      reject(connectError(options, error as Error, problems));
    }
    if (signal.aborted) abort();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** Settles when the connection is gone, for whatever reason. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /**
   * Starts a command; waits for its turn when many are running.
   *
   * @param attach adds listeners to the channel. A short command may have ended by the time that a
   * promise has told of its begin, so there is no other time for that.
   */
  async exec(command: string, attach: (channel: ClientChannel) => void): Promise<ClientChannel> {
    for (let delayMs = FIRST_DELAY_MS;; delayMs *= 2) {
      while (this.#sessions >= this.#limit) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      try {
        return await this.execNow(command, attach);
      } catch (error) {
        if (!/open failed/.test(messageOf(error)) || delayMs > LAST_DELAY_MS) throw error;
        // The server allows fewer, or still counts a session that has just ended.
        this.#limit = Math.max(1, this.#sessions);
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Starts a command without waiting for a turn: for the few that end others. */
  async execNow(
    command: string,
    attach: (channel: ClientChannel) => void,
  ): Promise<ClientChannel> {
    this.#sessions++;
    const end = () => {
      this.#sessions--;
      this.#waiting.shift()?.();
    };
    try {
      return await call<ClientChannel>((done) =>
        this.client.exec(command, (error, channel) => {
          if (error === undefined) {
            channel.once("close", end);
            attach(channel);
          }
          done(error, channel);
        })
      );
    } catch (error) {
      end();
      throw error;
    }
  }

  /** A stream from the hop on to another machine. */
  forward(address: string, port: number): Promise<ClientChannel> {
    return call((done) => this.client.forwardOut("127.0.0.1", 0, address, port, done));
  }

  async close(): Promise<void> {
    this.client.end();
    await this.#end();
    this.client.destroy();
  }

  /**
   * Waits for the connection to end, but not for long: the other side may be gone. A jump host says that a
   * stream is closed when all is delivered that was sent on it, which is never where nobody takes it. So
   * the stream counts as closed then, and all that waits for the connection hears of it.
   */
  async #end(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) =>
      timer = setTimeout(() => resolve("late"), END_MS)
    );
    const ended = await Promise.race([this.#closed, late]);
    clearTimeout(timer);
    if (ended !== "late" || this.stream === undefined) return;
    this.stream.emit("close");
    // Its real end may come yet, to nobody's interest.
    this.stream.removeAllListeners("close");
  }
}

function call<T>(start: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => error ? reject(error) : resolve(value));
  });
}

function configOf(
  { hop, stream, login, hostKeyTypes }: DialOptions,
  verify: (key: Uint8Array) => boolean,
): ConnectConfig {
  const { address, port, user, flags } = hop;
  const algorithms = {
    // The default, AES-GCM, is not the fastest one, but the only one of which nothing is left behind.
    ...(flags.ciphers === undefined ? {} : { cipher: flags.ciphers }),
    ...(flags.macs === undefined ? {} : { hmac: flags.macs }),
    ...(flags.keyExchanges === undefined ? {} : { kex: flags.keyExchanges }),
    ...(flags.compression ? { compress: ["zlib@openssh.com", "zlib", "none"] } : {}),
    ...hostKeyAlgorithms(flags.hostKeyAlgorithms, hostKeyTypes),
  };
  return {
    ...(stream === undefined ? { host: address, port } : { sock: stream }),
    username: user,
    // The library takes the list as it is; its types know only single methods.
    authHandler: [...login.methods] as NonNullable<ConnectConfig["authHandler"]>,
    hostVerifier: verify,
    readyTimeout: flags.connectTimeoutMs,
    keepaliveInterval: flags.keepaliveIntervalMs,
    keepaliveCountMax: flags.keepaliveCountMax,
    ...(flags.addressFamily === 4 ? { forceIPv4: true } : {}),
    ...(flags.addressFamily === 6 ? { forceIPv6: true } : {}),
    algorithms: algorithms as NonNullable<ConnectConfig["algorithms"]>,
  };
}

/** Signature algorithms by key type; each other type has the one of its own name. */
const RSA = ["rsa-sha2-512", "rsa-sha2-256"];

function hostKeyAlgorithms(
  wanted: readonly string[] | undefined,
  recorded: readonly string[] | undefined,
): { serverHostKey?: readonly string[] } {
  if (wanted !== undefined) return { serverHostKey: wanted };
  if (recorded === undefined || recorded.length === 0) return {};
  return { serverHostKey: recorded.flatMap((type) => type === "ssh-rsa" ? RSA : [type]) };
}

function connectError(
  { hop, login: { offered }, target }: DialOptions,
  error: Error & { level?: string; code?: string },
  problems: readonly string[],
): HopError {
  const where = `${hop.address}:${hop.port}`;
  if (error.level === "client-authentication") {
    const odd = problems.filter((text) => !text.startsWith("All configured"));
    const why = odd.length === 0 ? "" : ` (${[...new Set(odd)].join("; ")})`;
    return new HopError("refused", `${where} does not let ${hop.user} in${why}`, {
      hint: hop.password === undefined
        ? `the key has to stand in ~/.ssh/authorized_keys of ${hop.user} there (offered: ${offered})`
        : `is the password right, and does sshd there let ${hop.user} in with one?`,
      cause: error,
      login: true,
    });
  }
  const said = problems[0] ?? messageOf(error);
  if (/^Handshake failed: no matching host key/.test(said)) {
    return new HopError("refused", `${where} has no key of the types that are recorded for it`, {
      hint: `sns host trust ${target}`,
    });
  }
  const hungUp = said === "closed" || /^Connection lost before handshake/.test(said) ||
    error.code === "ECONNRESET";
  const text = error.code === "ECONNREFUSED"
    ? "nothing listens there (connection refused)"
    : /^Timed out while waiting for handshake/.test(said)
    ? `no answer within ${Math.ceil(hop.flags.connectTimeoutMs / 1000)} s`
    : hungUp
    ? "the connection was closed before the login"
    : said;
  return new HopError("unreachable", `no connection to ${where}: ${text}`, {
    cause: error,
    busy: hungUp,
  });
}
