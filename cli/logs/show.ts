/** Prints the logs of many hosts as one, by time, as they come. */
import { type Host, HostError, sleep } from "../../daemon/mod.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../ui/log.ts";
import { LogMerge } from "./merge.ts";
import { Resume } from "./resume.ts";
import { type LogEvent, LogWire } from "./wire.ts";

/** What is read from one host. */
export interface HostLogs {
  readonly host: Host;
  readonly script: string;
  /** The program's arguments for reading from `since`, unix seconds. */
  readonly args: (since: number) => readonly string[];
  /** What the sources of the host are called in messages. */
  readonly labels: readonly string[];
}

/** A line with the place that it came from. */
export interface ShownLine {
  readonly time: string;
  /** Index among the hosts. */
  readonly host: number;
  /** Index among the sources of the host. */
  readonly source: number;
  readonly text: string;
}

export interface ShowOptions {
  readonly follow: boolean;
  /** Unix seconds. */
  readonly since: number;
  /** 0: all; n: the first n lines; -n: the last n of what there is, before following. */
  readonly limit: number;
  readonly print: (lines: readonly ShownLine[]) => void;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds before the first new attempt to reach a host; doubles up to 30 s. Default 1000. */
  readonly retryMs?: number;
}

/** Lines of a host that are held at most, and milliseconds that they wait for each other. */
const MAX_LINES = 2000;
const WINDOW_MS = 400;
const PATIENCE_MS = 3000;
const MAX_RETRY_MS = 30_000;

/** Lines printed at a time. */
const BATCH = 2000;

/**
 * Shows the logs until they end or, when following, until `signal` aborts.
 *
 * @returns whether all of them could be read
 * @throws what `print` throws, once nothing is read any more
 */
export async function showLogs(hosts: readonly HostLogs[], options: ShowOptions): Promise<boolean> {
  const show = new Show(hosts, options);
  const readers = hosts.map((each, index) => show.read(each, index));
  try {
    await show.printAll();
  } finally {
    show.stop();
    await Promise.all(readers);
  }
  return !show.failed;
}

class Show {
  failed = false;
  readonly #merge: LogMerge<ShownLine>;
  readonly #stopping = new AbortController();
  #changed = Promise.withResolvers<void>();
  /** Settles when lines were taken. */
  #taken = Promise.withResolvers<void>();
  #left: number;
  /** The last lines, while more may come before they are printed. */
  #last: ShownLine[] | undefined;

  constructor(readonly hosts: readonly HostLogs[], readonly options: ShowOptions) {
    const { limit, follow, signal } = options;
    this.#merge = new LogMerge(hosts.length, {
      windowMs: WINDOW_MS,
      patienceMs: follow ? PATIENCE_MS : Infinity,
      maxLines: MAX_LINES,
    }, performance.now());
    this.#left = limit > 0 ? limit : Infinity;
    this.#last = limit < 0 ? [] : undefined;
    if (signal.aborted) this.stop();
    signal.addEventListener("abort", this.stop);
  }

  readonly stop = () => {
    this.options.signal.removeEventListener("abort", this.stop);
    this.#stopping.abort();
    this.#wake();
    this.#taken.resolve();
  };

  /** Prints what is due until nothing comes any more. */
  async printAll(): Promise<void> {
    while (!this.#stopping.signal.aborted && this.#left > 0) {
      const lines = this.#merge.take(performance.now(), Math.min(BATCH, this.#left));
      if (lines.length > 0) {
        this.#print(lines);
        this.#taken.resolve();
        this.#taken = Promise.withResolvers();
      }
      if (this.#last !== undefined && this.#merge.isPastOver) this.#printLast();
      if (this.#merge.isOver) return;
      if (lines.length === BATCH) await sleep(0, this.#stopping.signal);
      else if (lines.length === 0) await this.#nextChange();
    }
  }

  /** Reads one host; a host that goes away while following is tried again and again. */
  async read(logs: HostLogs, index: number): Promise<void> {
    const { follow, log, since, retryMs = 1000 } = this.options;
    const { name } = logs.host;
    const resume = new Resume(since);
    let delayMs = retryMs;
    let away = false;
    while (!this.#stopping.signal.aborted) {
      const heard = () => {
        if (away) log.info(`${name}: it is back`);
        away = false;
        delayMs = retryMs;
      };
      const error = await this.#readOnce(logs, index, resume, heard);
      if (this.#stopping.signal.aborted || error === undefined) break;
      if (!follow || !mayComeBack(error)) {
        this.#fail(`${name}: ${describeError(error).join("\n")}`);
        break;
      }
      if (!away) log.warn(`${describeError(error).join("\n")}\nTrying again until it is back`);
      away = true;
      // The others need not wait for its past.
      this.#turn(index, "live");
      await sleep(delayMs, this.#stopping.signal);
      delayMs = Math.min(delayMs * 2, MAX_RETRY_MS);
    }
    this.#turn(index, "ended");
  }

  /** Reads a host until its program ends; gives why it did, when that was no good end. */
  async #readOnce(
    { host, script, args, labels }: HostLogs,
    index: number,
    resume: Resume,
    heard: () => void,
  ): Promise<unknown> {
    const wire = new LogWire();
    const { signal } = this.#stopping;
    this.#turn(index, "past");
    const onStdout = async (bytes: Uint8Array) => {
      heard();
      for (const event of wire.push(bytes)) {
        this.#take(event, index, resume, labels);
        while (this.#merge.isFull(index) && !signal.aborted) await this.#taken.promise;
      }
    };
    try {
      const { code, stderr } = await host.run({
        script,
        args: args(resume.begin()),
        // Its end is what tells the program to end, however this one does.
        stdin: new ReadableStream<Uint8Array>({ start() {} }),
        onStdout,
        timeoutMs: Infinity,
        signal,
      });
      return code === 0 ? undefined : new Error(stderr.trim() || `it ended with ${code}`);
    } catch (error) {
      return error;
    }
  }

  #take(event: LogEvent, index: number, resume: Resume, labels: readonly string[]): void {
    if (event.kind === "live") return this.#turn(index, "live");
    if (event.kind === "line") {
      if (!resume.isNew(event)) return;
      const { time, source, text } = event;
      this.#merge.push(index, { time, source, text, host: index }, performance.now());
      return this.#wake();
    }
    const text = `${labels[event.source] ?? this.hosts[index]!.host.name}: ${event.text}`;
    if (event.kind === "fail") this.#fail(text);
    else this.options.log.warn(text);
  }

  #print(lines: readonly ShownLine[]): void {
    if (this.#last === undefined) {
      this.#left -= lines.length;
      return this.options.print(lines);
    }
    this.#last.push(...lines);
    const most = -this.options.limit;
    if (this.#last.length > 2 * most + BATCH) this.#last.splice(0, this.#last.length - most);
  }

  #printLast(): void {
    const last = this.#last!.slice(this.options.limit);
    this.#last = undefined;
    if (last.length > 0) this.options.print(last);
  }

  #fail(text: string): void {
    this.failed = true;
    this.options.log.error(text);
  }

  #turn(index: number, phase: "past" | "live" | "ended"): void {
    this.#merge.turn(index, phase, performance.now());
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until something came, or lines that wait are due. */
  async #nextChange(): Promise<void> {
    const changed = this.#changed.promise;
    const due = this.#merge.due();
    if (due === undefined) return await changed;
    const over = new AbortController();
    const late = sleep(Math.max(1, due - performance.now()), over.signal);
    await Promise.race([changed, late]);
    over.abort();
  }
}

/** Whether trying again can help. */
function mayComeBack(error: unknown): boolean {
  return error instanceof HostError &&
    (error.reason === "unreachable" || error.reason === "timeout");
}
