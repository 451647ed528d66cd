/** Asks a host what it holds. */
import type { Host } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../remote/programs.ts";
import { parseCommitChain } from "./commit_chain.ts";
import type { ConfigSums, ObservedHost } from "./state.ts";

const TIMEOUT_MS = 60_000;

/**
 * Reads the state of a host; changes nothing there.
 *
 * @param home the host home
 * @throws {UserError} when it is not initialised or the program fails
 */
export async function observeHost(
  host: Host,
  home: string,
  signal: AbortSignal,
): Promise<ObservedHost> {
  const { code, stdout, stderr } = await host.run({
    script: REMOTE_PROGRAMS.observe,
    args: [home],
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (code === REMOTE_EXIT.notInitialised) {
    throw new UserError(`Host "${host.name}" is not initialised: ${stderr.trim()}`, {
      hint: `sns host init ${host.name}`,
    });
  }
  if (code !== 0) throw new UserError(`Cannot read the state of "${host.name}": ${stderr.trim()}`);
  return parseObservation(stdout);
}

interface ReleaseBuilder {
  readonly pod: string;
  readonly version: string;
  readonly state: string;
  readonly files: Map<string, string>;
  readonly configs: Map<string, Partial<ConfigSums>>;
  changed?: Set<string>;
}

/** Reads the records that observe.sh prints. */
export function parseObservation(bytes: Uint8Array): ObservedHost {
  const fields = new TextDecoder().decode(bytes).split("\0");
  const releases = new Map<string, ReleaseBuilder>();
  let clusterId = "";
  let chain: string[] = [];
  let hostsConf: string | undefined;
  let fence = 0;
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [kind, a, b, value] = fields.slice(at, at + 4) as [string, string, string, string];
    if (kind === "id") clusterId = value.trim();
    else if (kind === "chain") chain = parseCommitChain(value);
    else if (kind === "hosts") hostsConf = value.slice(0, -1);
    else if (kind === "fence") fence = Number(value);
    else if (kind === "release") {
      const state = value.trim();
      const release = { pod: a, version: b, state, files: new Map(), configs: new Map() };
      releases.set(`${a}/${b}`, release);
    } else if (kind === "config") releases.get(a)?.configs.set(b, parseSums(value));
    else if (kind === "changed") {
      const release = releases.get(a);
      if (release !== undefined) (release.changed ??= new Set()).add(b);
    } else if (kind === "sums") addFileSums(value, releases);
  }
  return {
    clusterId,
    chain,
    fence,
    releases: [...releases.values()],
    ...(hostsConf === undefined ? {} : { hostsConf }),
  };
}

function parseSums(text: string): Partial<ConfigSums> {
  const [checksum = "-", shape = "-"] = text.split(" ");
  return {
    ...(checksum === "-" ? {} : { checksum }),
    ...(shape === "-" ? {} : { shape }),
  };
}

/** Lines of sha256sum: `<hex>  pods/<pod>/release/<version>/<file>`. */
function addFileSums(text: string, releases: ReadonlyMap<string, ReleaseBuilder>): void {
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{64}) [ *]pods\/([^/]+)\/release\/([^/]+)\/([^/]+)$/.exec(line);
    if (match) releases.get(`${match[2]}/${match[3]}`)?.files.set(match[4]!, match[1]!);
  }
}
