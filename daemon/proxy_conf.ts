/** portmappings.conf: the mappings of the pods that may get traffic, for the proxy of this host. */
import { formatPortMapping, parseHostAddress, type PortMapping } from "../proxy/conf/mod.ts";
import { homePaths } from "./host/layout.ts";
import { readSafely, writeAtomically } from "./files.ts";

const MAX_BYTES = 4 * 1024 * 1024;

/** The text for the pods' mappings: sorted lines, each once; without any, one empty line. */
export function renderRoutes(mappings: Iterable<PortMapping>): string {
  return [...new Set([...mappings].map(formatPortMapping))].toSorted().join("\n") + "\n";
}

/** portmappings.conf of one host home, as it stands on disk. */
export class RoutesFile {
  #text = "";

  constructor(readonly home: string) {}

  /**
   * Reads what stands there, whoever wrote it.
   *
   * @throws {UnsafeFileError} when it cannot be read; the next {@link write} replaces it
   */
  read(): void {
    this.#text = "";
    this.#text = readSafely(homePaths(this.home).portMappings, MAX_BYTES)?.text ?? "";
  }

  /**
   * Replaces the file in one step, readable for everyone, when it says something else.
   *
   * @returns whether it did
   */
  async write(mappings: Iterable<PortMapping>): Promise<boolean> {
    const text = renderRoutes(mappings);
    if (text === this.#text) return false;
    await writeAtomically(homePaths(this.home).portMappings, text, 0o644);
    this.#text = text;
    return true;
  }
}

/**
 * The address in line 1 of hosts.conf, which pods bind to; `undefined` without the file or a line.
 *
 * @throws when the first line is no address: another host's address must not be taken instead
 */
export function readHostInterface(home: string): string | undefined {
  const path = homePaths(home).hostsConf;
  const file = readSafely(path, MAX_BYTES);
  const first = file?.text.split("\n").map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  if (first === undefined) return undefined;
  const address = parseHostAddress(first);
  if (!address) throw new Error(`${path}: the first line "${first}" is not address:port`);
  return address.hostname;
}
