/** The SSH connections of one command: one per machine, shared by all that go through it. */
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { sleep } from "../../daemon/mod.ts";
import { readTextIfPresent, statIfPresent } from "../project/files.ts";
import { messageOf } from "../errors.ts";
import { SshConnection } from "./connection.ts";
import { HopError } from "./hop_error.ts";
import { HostKeys } from "./host_keys.ts";
import { Identities, type IdentityOptions } from "./identities.ts";
import { type Hop, resolveRoute, type Route } from "./route.ts";
import { SshHost } from "./ssh_host.ts";

/** Milliseconds before another attempt: at first, and at most. */
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 2000;

/** Keeps connections open until the command ends. */
export class Connections implements AsyncDisposable {
  readonly #identities: Identities;
  readonly #open = new Map<string, Promise<SshConnection>>();
  readonly #closing = new AbortController();
  readonly #hostKeys = new Map<string, Promise<HostKeys>>();

  readonly #random: () => number;

  /** @param random gives a number from 0 up to 1 */
  constructor(options: IdentityOptions, random: () => number = Math.random) {
    this.#identities = new Identities(options);
    this.#random = random;
  }

  /**
   * The host whose directory in the project is `dir`. Nothing is contacted before it is used.
   *
   * @param envFile the name of the env file to reach it by
   */
  host(name: string, dir: string, envFile = "host.env"): SshHost {
    return new SshHost(
      name,
      async () => await this.connect(await this.route(dir, envFile), dirname(dir), name),
    );
  }

  /** The host at the end of a route. Nothing is contacted before it is used. */
  at(name: string, route: Route, root: string): SshHost {
    return new SshHost(name, async () => await this.connect(route, root, name));
  }

  /** The machines on the way to the host whose directory in the project is `dir`. */
  route(dir: string, envFile = "host.env"): Promise<Route> {
    return resolveRoute(join(dir, envFile), dirname(dir), readEnvFile);
  }

  /** The host keys of a project, read once. */
  hostKeys(root: string): Promise<HostKeys> {
    let keys = this.#hostKeys.get(root);
    if (keys === undefined) {
      keys = HostKeys.load(root);
      this.#hostKeys.set(root, keys);
    }
    return keys;
  }

  /**
   * An open connection to the end of a route.
   *
   * @param target the host that is to be reached in the end, for messages
   * @throws {HopError}
   */
  connect(route: Route, root: string, target: string): Promise<SshConnection> {
    const key = route.at(-1)!.envFile;
    const present = this.#open.get(key);
    if (present !== undefined) return present;
    const opening = this.#dial(route, root, target);
    this.#open.set(key, opening);
    const forget = () => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    };
    opening.then((connection) => connection.closed.then(forget), forget);
    return opening;
  }

  /** The public key that the end of a route shows; those before it have to be known already. */
  async showHostKey(route: Route, root: string, target: string): Promise<Uint8Array> {
    const hop = route.at(-1)!;
    const { signal } = this.#closing;
    let shown: Uint8Array | undefined;
    const verify = (key: Uint8Array) => {
      shown = new Uint8Array(key);
      throw new HopError("refused", "only its key was asked for");
    };
    const login = { methods: [], offered: "" };
    try {
      const connection = await this.#dialAgain(hop, async () => {
        const stream = await this.#stream(route, root, target);
        return await SshConnection.dial({ hop, target, login, verify, signal, ...stream });
      });
      await connection.close();
    } catch (error) {
      if (shown === undefined) throw error;
    }
    return shown!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Those behind a jump host end before it.
    const all = [...this.#open.values()].reverse();
    this.#closing.abort();
    // Those that never came to be have told so where they were wanted.
    const opened = await Promise.allSettled(all);
    await Promise.all(
      opened.map((each) => each.status === "fulfilled" ? each.value.close() : undefined),
    );
  }

  async #dial(route: Route, root: string, target: string): Promise<SshConnection> {
    const hop = route.at(-1)!;
    const keys = await this.hostKeys(root);
    const login = await this.#identities.login(hop);
    return await this.#dialAgain(hop, async (connectTimeoutMs) =>
      await SshConnection.dial({
        hop: { ...hop, flags: { ...hop.flags, connectTimeoutMs } },
        target,
        login,
        hostKeyTypes: keys.recordedTypes(hop),
        verify: (key) => keys.require(hop, key, target),
        signal: this.#closing.signal,
        ...await this.#stream(route, root, target),
      }));
  }

  /**
   * Tries again while the server hangs up at once: sshd does so when more logins are under way than its
   * MaxStartups allows. All attempts together last no longer than one may.
   */
  async #dialAgain<T>(
    { flags: { connectTimeoutMs } }: Hop,
    dial: (timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const end = performance.now() + connectTimeoutMs;
    let hungUp: HopError | undefined;
    for (let delayMs = FIRST_DELAY_MS;; delayMs = Math.min(2 * delayMs, LAST_DELAY_MS)) {
      try {
        return await dial(Math.max(1, Math.ceil(end - performance.now())));
      } catch (error) {
        // Others wait, too: not all of them are to come back at the same moment.
        const waitMs = delayMs * (0.5 + this.#random());
        const { signal } = this.#closing;
        // The last attempt had little time: the one before it says what is wrong.
        if (hungUp !== undefined && performance.now() >= end) throw hungUp;
        if (!(error instanceof HopError && error.busy) || signal.aborted) throw error;
        hungUp = error;
        if (performance.now() + waitMs >= end) throw error;
        await sleep(waitMs, signal);
      }
    }
  }

  /** The stream to the last hop through the others. */
  async #stream(route: Route, root: string, target: string): Promise<{ stream?: Duplex }> {
    const [before, hop] = [route.slice(0, -1), route.at(-1)!];
    if (before.length === 0) return {};
    const jump = await this.connect(before as [Hop, ...Hop[]], root, target);
    return { stream: await forward(jump, hop, this.#closing.signal) };
  }
}

/** A stream to `hop` from the machine before it, which may take long to find nobody there. */
async function forward(jump: SshConnection, hop: Hop, closing: AbortSignal): Promise<Duplex> {
  const where = `${hop.address}:${hop.port} from "${jump.hop.name}"`;
  const { connectTimeoutMs } = hop.flags;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${connectTimeoutMs / 1000} s`)),
    connectTimeoutMs,
  );
  const giveUp = () => reject(new Error("given up"));
  closing.addEventListener("abort", giveUp);
  const stream = jump.forward(hop.address, hop.port);
  try {
    return await Promise.race([stream, late]);
  } catch (error) {
    stream.then((unwanted) => unwanted.destroy(), () => {});
    const why = messageOf(error).replace(/^\(SSH\) Channel open failure: /, "");
    throw new HopError("unreachable", `no connection to ${where}: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", giveUp);
  }
}

/** The text of an env file; a directory is none. */
async function readEnvFile(path: string): Promise<string | undefined> {
  return (await statIfPresent(path))?.isDirectory ? undefined : await readTextIfPresent(path);
}
