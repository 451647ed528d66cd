/** A program that a test runs and talks with, perhaps on a host of a lab. */
import { TextLineStream } from "../text_lines.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Open files: as many as this user may have. A fresh Debian gives 1024 to those who don't ask. */
const MORE_FILES = ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh"];

export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: string[] = [];
  readonly #reading: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #read = 0;
  #over = false;

  /** @param from which of its streams is read, line by line; the other one is the test's own */
  constructor(command: readonly string[], from: "stdout" | "stderr" = "stdout") {
    const [program, ...args] = command;
    this.#child = new Deno.Command(program!, {
      args,
      stdin: "piped",
      stdout: from === "stdout" ? "piped" : "inherit",
      stderr: from === "stderr" ? "piped" : "inherit",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#follow(this.#child[from]);
  }

  /** One of the programs in `programs/`, run after the words `prefix`. */
  static helper(prefix: readonly string[], name: string, ...args: (string | number)[]): Program {
    const file = `${root}tests/proxy/programs/${name}.ts`;
    const deno = [Deno.execPath(), "run", "-q", "-A", "--config", `${root}deno.json`];
    return new Program([...prefix, ...MORE_FILES, ...deno, file, ...args.map(String)]);
  }

  /** The proxy, from `scripts/bin`. */
  static proxy(prefix: readonly string[], ...args: string[]): Program {
    const program = `${root}scripts/bin/simplenetes-proxy`;
    return new Program([...prefix, ...MORE_FILES, program, ...args], "stderr");
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All lines so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The next line that nobody took yet. Fails at the program's end, and after `timeoutMs`. */
  async line(timeoutMs = 60_000): Promise<string> {
    const end = performance.now() + timeoutMs;
    while (this.#read >= this.#lines.length) {
      if (this.#over) throw new Error(`The program has ended: ${this.#lines.slice(-5).join("\n")}`);
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`No line within ${timeoutMs} ms`);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => timer = setTimeout(resolve, leftMs));
      await Promise.race([this.#wake.promise, late]);
      clearTimeout(timer);
    }
    return this.#lines[this.#read++]!;
  }

  /** Takes lines up to the first that contains `what`, and gives that. Fails as `line` does. */
  async until(what: string, timeoutMs = 60_000): Promise<string> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const line = await this.line(Math.max(0, end - performance.now()));
      if (line.includes(what)) return line;
    }
  }

  /** The next line, as JSON. */
  // deno-lint-ignore no-explicit-any -- each program tells things of its own
  async json(timeoutMs?: number): Promise<any> {
    return JSON.parse(await this.line(timeoutMs));
  }

  /** Writes a line to its stdin. */
  async tell(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(line + "\n"));
  }

  /** Resolves to its exit code when it has ended by itself. */
  get ended(): Promise<number> {
    return this.#child.status.then(({ code }) => code);
  }

  /** Sends a signal, and gives its exit code. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    const { code } = await this.#child.status;
    await this.#reading;
    await this.#writer.close().catch(() => {}); // The other end is gone.
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }

  async #follow(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.#lines.push(line);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
    this.#over = true;
    this.#wake.resolve();
  }
}
