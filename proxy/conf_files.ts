/** The three files of a proxy: read, kept while unreadable, watched. */
import { messageOf } from "./error_message.ts";
import { dirname } from "node:path";
import {
  type HostAddress,
  type Parsed,
  parseHostsConf,
  parsePortMappings,
  parseProxyConf,
  type PortMapping,
  type ProxyConf,
  tellProblems,
} from "./conf/mod.ts";
import type { Log } from "./log.ts";

/** What the files say, or said when they could be read last. */
export interface Settings {
  readonly conf: ProxyConf;
  readonly hosts: readonly HostAddress[];
  readonly mappings: readonly PortMapping[];
}

/** A file that is not in force as it is now. */
export interface FileProblem {
  readonly file: string;
  readonly problem: string;
}

/** The files of one proxy. */
export class ConfFiles {
  readonly #texts = new Map<string, string>();
  readonly #complaints = new Map<string, string>();
  #settings: Settings | undefined;

  /** @param confFile Absolute path of proxy.conf. */
  constructor(private readonly confFile: string, private readonly log: Log) {}

  /**
   * Reads all files.
   *
   * @returns The settings; the same object as last time when nothing changed.
   * @throws Error at the first call only, when proxy.conf can't be read or has mistakes.
   */
  async read(): Promise<Settings> {
    const before = this.#settings;
    const conf = await this.#readConf();
    if (conf !== before?.conf) {
      // It may name other files now.
      for (const path of this.#texts.keys()) if (path !== this.confFile) this.#texts.delete(path);
    }
    const hosts = await this.#readList(conf.hostsConf, parseHostsConf) ?? before?.hosts ?? [];
    const mappings = await this.#readList(conf.portsConf, parsePortMappings) ??
      before?.mappings ?? [];
    if (before && before.conf === conf && before.hosts === hosts && before.mappings === mappings) {
      return before;
    }
    return this.#settings = { conf, hosts, mappings };
  }

  /** The files that are not in force as they are now, or only in part, and why. */
  get problems(): FileProblem[] {
    const known = [...this.#complaints].filter(([, problem]) => problem !== "");
    return known.map(([file, problem]) => ({ file, problem }));
  }

  /** The directories that the files are in. */
  directories(): string[] {
    const conf = this.#settings?.conf;
    const files = conf ? [this.confFile, conf.hostsConf, conf.portsConf] : [this.confFile];
    return [...new Set(files.map((file) => dirname(file)))];
  }

  async #readConf(): Promise<ProxyConf> {
    const old = this.#settings?.conf;
    const text = await this.#text(this.confFile);
    if (text instanceof Error) {
      if (!old) throw new Error(`Cannot read ${this.confFile}: ${text.message}`, { cause: text });
      this.#complain(this.confFile, text.message);
      return old;
    }
    if (text === undefined) return old!;
    const { conf, problems } = parseProxyConf(text, dirname(this.confFile));
    if (problems.length > 0 && !old) {
      throw new Error(problems.map((problem) => `${this.confFile}: ${problem}`).join("\n"));
    }
    this.#complain(this.confFile, tellProblems(problems));
    return old && problems.length > 0 ? old : conf;
  }

  /** The entries of a file; `undefined` when it is as before, or unreadable. */
  async #readList<T>(
    path: string,
    parse: (text: string) => Parsed<T>,
  ): Promise<readonly T[] | undefined> {
    const text = await this.#text(path);
    if (text instanceof Error) {
      this.#complain(path, text.message);
      return undefined;
    }
    if (text === undefined) return undefined;
    const { entries, problems } = parse(text);
    this.#complain(path, tellProblems(problems));
    return entries;
  }

  /** The text of a file, `undefined` when it is the same as last time. */
  async #text(path: string): Promise<string | undefined | Error> {
    try {
      const text = await Deno.readTextFile(path);
      if (this.#texts.get(path) === text) return undefined;
      this.#texts.set(path, text);
      return text;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // What is unchanged when it can be read again is read anew, which takes the complaint back.
      this.#texts.delete(path);
      return error;
    }
  }

  /** Says what is wrong with a file, once for the same thing. */
  #complain(path: string, problem: string): void {
    if (this.#complaints.get(path) === problem) return;
    const before = this.#complaints.get(path) ?? "";
    this.#complaints.set(path, problem);
    if (problem !== "") {
      this.log.warn("A file is kept as it was, or in part", { file: path, problem });
    } else if (before !== "") this.log.info("A file is in order again", { file: path });
  }
}

/** How long after a file event the files are read, so that one change is one reading; in milliseconds. */
const SETTLE_MS = 50;

/**
 * Calls `onChange` after events in `directories`, and every `pollMs` in any case, as events are hints.
 *
 * @returns Ends it.
 */
export function watch(
  directories: readonly string[],
  pollMs: number,
  onChange: () => void,
  log: Log,
): () => void {
  const poll = setInterval(onChange, pollMs);
  let settle: ReturnType<typeof setTimeout> | undefined;
  const watchers: Deno.FsWatcher[] = [];
  const listen = async (watcher: Deno.FsWatcher) => {
    for await (const event of watcher) {
      if (event.kind === "access") continue; // Reading the files must not lead to reading them again.
      settle ??= setTimeout(() => {
        settle = undefined;
        onChange();
      }, SETTLE_MS);
    }
  };
  for (const directory of directories) {
    const cannot = (error: unknown) =>
      log.often("Cannot watch a directory, its files are looked at now and then", {
        directory,
        error: messageOf(error),
      });
    try {
      const watcher = Deno.watchFs(directory, { recursive: false });
      watchers.push(watcher);
      listen(watcher).catch(cannot);
    } catch (error) {
      cannot(error);
    }
  }
  return () => {
    clearInterval(poll);
    clearTimeout(settle);
    for (const watcher of watchers) watcher.close();
  };
}
