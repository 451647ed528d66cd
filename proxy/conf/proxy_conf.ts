/**
 * proxy.conf: the settings of one proxy, `KEY value` per line.
 *
 * Keys are case-insensitive, `#` starts a comment at the start of a line or after a blank,
 * relative paths are relative to the directory of the file.
 */
import { join } from "node:path";
import type { HostAddress } from "./hosts_conf.ts";
import { nearest } from "./nearest.ts";
import { inRange, type PortRange, ROUTER_PORT } from "./ports.ts";
import { KEYS } from "./proxy_conf_keys.ts";

/** What a proxy is told. Durations are in seconds. */
export interface ProxyConf {
  /** `PORTSCONF`: absolute path of portmappings.conf. */
  readonly portsConf: string;
  /** `HOSTSCONF`: absolute path of hosts.conf. */
  readonly hostsConf: string;
  /** `HOST`: address of all listeners. Without it, that of line 1 of hosts.conf, or else all interfaces. */
  readonly host?: string;
  /** `PODHOST`: address under which the host ports of pods are reached. Without it, HOST. */
  readonly podHost?: string;
  /** `PORT`: where the other proxies reach this one. */
  readonly port: number;
  /** `CLUSTERPORTS`: where the clients on this host reach it. */
  readonly clusterPorts: readonly PortRange[];
  /**
   * `PROXYFROM`: clients that begin with a PROXY protocol header, so that it pays to wait for it.
   * Addresses, or `own` (loopback and the own host), `any`, `none`. A header from another client
   * is understood too when it stands in the first bytes, only nothing waits for it.
   */
  readonly proxyFrom: readonly string[];
  /**
   * `CLIENTFROM`: who may connect to cluster ports: addresses, networks such as `10.88.0.0/16`, `own`
   * (loopback and the own host, which rootless containers come from), `any`.
   */
  readonly clientFrom: readonly string[];
  /** `PEERFROM`: addresses beside those in hosts.conf that other proxies connect from. */
  readonly peerFrom: readonly string[];
  /** `PREFER`: `own` takes pods of the own host first, `none` spreads over all hosts that have the port. */
  readonly prefer: "own" | "none";
  /** `PREDIAL`: connections kept ready to each host that is in use; 0 for none. */
  readonly preDial: number;
  /** `ENGINE`: what forwards bytes; `auto` takes `linux` where that works. */
  readonly engine: "auto" | "deno" | "linux";
  /** `WORKERS`: threads that serve connections; `auto` is one for each core, up to 4. */
  readonly workers: number | "auto";
  /** `SOCKET`: absolute path of the socket for status, metrics and restarts. Without it, one in the user's runtime directory. */
  readonly socket?: string;
  /** `METRICS`: where Prometheus reads metrics over HTTP; none without it. */
  readonly metrics?: HostAddress;
  /** `REMEMBEROK` … `REMEMBERSILENT`: for how long an answer of a peer is believed. */
  readonly remember: {
    readonly ok: number;
    readonly refused: number;
    readonly busy: number;
    readonly silent: number;
  };
  /** `CONNECTSECONDS`: a connect or an answer that takes longer is a failure. */
  readonly connectSeconds: number;
  /** `GIVEUPSECONDS`: a client for whom nothing is found within this time is closed. */
  readonly giveUpSeconds: number;
  /** `BUSYSECONDS`: how long a client waits for room when all targets are at their limit. */
  readonly busySeconds: number;
  /** `PROXYWAITSECONDS`: how long a target that wants a header waits for that of a client in PROXYFROM. */
  readonly proxyWaitSeconds: number;
  /** `IDLESECONDS`: a connection without a byte in either direction for this long is closed; 0 for never. */
  readonly idleSeconds: number;
  /**
   * `KEEPALIVESECONDS`: a connection with another host that acknowledges nothing for this long is reset; 0
   * for as late as the kernel does. Linux engine only.
   */
  readonly keepAliveSeconds: number;
  /** `DRAINSECONDS`: how long connections may go on after the proxy was told to stop. */
  readonly drainSeconds: number;
}

/** Settings of a proxy.conf without a line, but for the two paths. */
export const DEFAULT_PROXY_CONF: Omit<ProxyConf, "portsConf" | "hostsConf"> = {
  port: ROUTER_PORT,
  clusterPorts: [{ first: 61000, last: 65535 }],
  proxyFrom: ["own"],
  clientFrom: ["own"],
  peerFrom: [],
  prefer: "none",
  preDial: 2,
  engine: "auto",
  workers: "auto",
  remember: { ok: 300, refused: 5, busy: 1, silent: 10 },
  connectSeconds: 3,
  giveUpSeconds: 10,
  busySeconds: 3,
  proxyWaitSeconds: 1,
  idleSeconds: 0,
  keepAliveSeconds: 20,
  drainSeconds: 10,
};

/** What {@link parseProxyConf} read, with a sentence for each line that is wrong. */
export interface ParsedProxyConf {
  readonly conf: ProxyConf;
  readonly problems: readonly string[];
}

/** The settings of a proxy.conf without a line that lies in `directory`. */
export function defaultProxyConf(directory: string): ProxyConf {
  return {
    ...DEFAULT_PROXY_CONF,
    portsConf: join(directory, "portmappings.conf"),
    hostsConf: join(directory, "hosts.conf"),
  };
}

/**
 * Reads proxy.conf. Every wrong line is reported and leaves its setting at the default.
 *
 * @param text The file's content.
 * @param directory Absolute path of the directory it lies in.
 */
export function parseProxyConf(text: string, directory: string): ParsedProxyConf {
  let conf = defaultProxyConf(directory);
  const problems: string[] = [];
  const seen = new Map<string, number>();
  text.split("\n").forEach((raw, index) => {
    const line = raw.replace(/(^|\s)#.*$/s, "").trim();
    if (line === "") return;
    const number = index + 1;
    const [, word = "", value = ""] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    const key = word.toUpperCase();
    if (!Object.hasOwn(KEYS, key)) {
      const meant = nearest(key, Object.keys(KEYS));
      problems.push(
        `line ${number}: unknown key "${word}"${meant ? `, did you mean ${meant}?` : ""}`,
      );
      return;
    }
    if (seen.has(key)) {
      problems.push(`line ${number}: ${key} stands in line ${seen.get(key)} already`);
      return;
    }
    seen.set(key, number);
    const read = value === "" ? "a value" : KEYS[key]![0](value, directory);
    if (typeof read === "string") {
      problems.push(
        `line ${number}: ${key} needs ${read}${value === "" ? "" : `, not "${value}"`}`,
      );
    } else {
      conf = { ...conf, ...read, remember: { ...conf.remember, ...read.remember } };
    }
  });
  if (conf.clusterPorts.some((range) => inRange(conf.port, range))) {
    const line = seen.get("CLUSTERPORTS") ?? seen.get("PORT");
    problems.push(
      `line ${line}: CLUSTERPORTS contain ${conf.port}, which is the PORT of the proxies`,
    );
  }
  return { conf, problems };
}

/**
 * The inverse of {@link parseProxyConf}.
 *
 * @throws Error when a value has blanks or `#` in a place where the format has no way to write it.
 */
export function formatProxyConf(conf: ProxyConf): string {
  let text = "";
  for (const [key, [, write]] of Object.entries(KEYS)) {
    const value = write(conf);
    if (value === undefined) continue;
    if (/^#|\s#|[\n]|^\s|\s$|^$/.test(value)) {
      throw new Error(`Cannot write ${key} ${JSON.stringify(value)} into proxy.conf`);
    }
    text += `${key} ${value}\n`;
  }
  return text;
}
