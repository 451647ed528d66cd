/** One life of the process that serves one host home: started, listened to, ended, reaped. */
import { messageOf } from "../files.ts";
import { GOING_DOWN } from "./going_down.ts";
import { type Answer, GO_DOWN, type HomeMessage, linesOf, parseHomeMessage } from "./channel.ts";

export interface HomeProcessOptions {
  /** Program, then its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks it to end in good order; with {@link GOING_DOWN} as the reason, together with its pods. */
  readonly stop: AbortSignal;
  /** Asks it to end at once. */
  readonly stopNow: AbortSignal;
  /** Told of every turn, with the number of pods. */
  readonly onTurn: (pods: number) => void;
  /** Carries out a request; what it rejects with is told to the process. */
  readonly onRequest: (request: HomeRequest) => Promise<void>;
  /** Milliseconds without a sign of life after which it is killed. */
  readonly quietMs: number;
  /** Milliseconds that it may take to end when it is asked to. */
  readonly endMs: number;
}

export type HomeRequest = Extract<HomeMessage, { kind: "mount" | "unmount" }>;

export interface HomeProcess {
  readonly pid: number;
  /** Why it ended; `undefined` when it was asked to. Never rejects. */
  readonly ended: Promise<string | undefined>;
}

/** Within this time (ms) … */
const FLOOD_MS = 10_000;
/** … so many messages are taken, and so many requests among them. */
const MOST_MESSAGES = 2_000;
const MOST_REQUESTS = 50;
/** Milliseconds to wait for its last words when others still hold its output open. */
const LINGER_MS = 500;

/**
 * Starts the process. Its standard error is the daemon's, so that the journal knows whose words they are.
 *
 * @throws when it cannot be started
 */
export function startHomeProcess(options: HomeProcessOptions): HomeProcess {
  const [program, ...args] = options.argv;
  const child = new Deno.Command(program, {
    args,
    cwd: "/",
    env: { ...options.env },
    clearEnv: true,
    // A session of its own: the daemon's terminal is none of its business.
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return { pid: child.pid, ended: new Life(child, options).lead() };
}

class Life {
  /** Why it had to be killed, the first reason. */
  #why: string | undefined;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #messages = 0;
  #requests = 0;
  #floodSince = performance.now();

  constructor(readonly child: Deno.ChildProcess, readonly options: HomeProcessOptions) {
    this.#input = child.stdin.getWriter();
    this.#output = child.stdout.getReader();
  }

  async lead(): Promise<string | undefined> {
    const { stop, stopNow } = this.options;
    const askToEnd = () => {
      void this.#askToEnd();
      this.#later(this.options.endMs, () => this.#kill("it did not end in time"));
    };
    const askAgain = () => this.#signal("SIGTERM");
    stop.addEventListener("abort", askToEnd);
    stopNow.addEventListener("abort", askAgain);
    if (stop.aborted) askToEnd();
    this.#showSign();
    const listening = this.#listen();
    const { code, signal } = await this.child.status;
    clearTimeout(this.#quiet);
    this.#later(LINGER_MS, () => void this.#output.cancel());
    await listening;
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#quiet);
    stop.removeEventListener("abort", askToEnd);
    stopNow.removeEventListener("abort", askAgain);
    await this.#closeInput();
    if (this.#why !== undefined) return this.#why;
    if (stop.aborted) return undefined;
    return signal ? `its process was ended by ${signal}` : `its process ended with code ${code}`;
  }

  async #listen(): Promise<void> {
    try {
      for await (const line of linesOf(this.#output)) {
        const message = parseHomeMessage(line);
        if (!message) throw new Error("it says what is no message");
        this.#countMessage(message);
        this.#showSign();
        await this.#take(message);
      }
    } catch (error) {
      this.#kill(`its process was killed: ${messageOf(error)}`);
    } finally {
      await this.#output.cancel();
    }
  }

  async #take(message: HomeMessage): Promise<void> {
    switch (message.kind) {
      case "turn":
        return this.options.onTurn(message.pods);
      case "problem":
        this.#why ??= message.text.slice(0, 500);
        return;
      case "mount":
      case "unmount":
        return await this.#answer(message);
    }
  }

  async #answer(request: HomeRequest): Promise<void> {
    const { id } = request;
    const answer: Answer = await this.options.onRequest(request).then(
      () => ({ id }),
      (error) => ({ id, error: messageOf(error) }),
    );
    await this.#say(JSON.stringify(answer));
  }

  async #say(line: string): Promise<void> {
    try {
      await this.#input.write(new TextEncoder().encode(`${line}\n`));
    } catch (error) {
      // It is gone, or was asked to end, and waits for no word.
      if (!(error instanceof TypeError || error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }

  #countMessage({ kind }: HomeMessage): void {
    const now = performance.now();
    if (now - this.#floodSince > FLOOD_MS) {
      this.#floodSince = now;
      this.#messages = this.#requests = 0;
    }
    this.#messages += 1;
    if (kind === "mount" || kind === "unmount") this.#requests += 1;
    if (this.#messages > MOST_MESSAGES || this.#requests > MOST_REQUESTS) {
      throw new Error("it does not stop talking");
    }
  }

  /** It lives; from now on it may be quiet for a while again. */
  #showSign(): void {
    clearTimeout(this.#quiet);
    const { quietMs } = this.options;
    this.#quiet = setTimeout(() => {
      this.#kill(`its process was killed: no sign of life for ${quietMs / 1000} s`);
    }, quietMs);
  }

  #kill(why: string): void {
    this.#why ??= why;
    this.#signal("SIGKILL");
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    try {
      this.child.kill(signal);
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #closeInput(): Promise<void> {
    try {
      await this.#input.close();
    } catch (error) {
      // Closed already, or nobody is at the other end.
      if (!(error instanceof TypeError || error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }

  async #askToEnd(): Promise<void> {
    if (this.options.stop.reason === GOING_DOWN) await this.#say(GO_DOWN);
    await this.#closeInput();
  }

  #later(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}
