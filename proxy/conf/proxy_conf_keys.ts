/** The keys of proxy.conf: how the value of each is read and written. */
import { isAbsolute, join, normalize } from "node:path";
import { formatHostAddress, parseHostAddress } from "./hosts_conf.ts";
import { parseNetwork } from "./networks.ts";
import { formatPortRanges, parsePortRanges } from "./port_ranges.ts";
import { isPort, parseDecimal } from "./ports.ts";
import type { ProxyConf } from "./proxy_conf.ts";

/** Turns the text of a value into settings; a string says what was expected instead. */
type Reader = (value: string, directory: string) => Settings | string;
type Settings = Partial<Omit<ProxyConf, "remember">> & {
  readonly remember?: Partial<ProxyConf["remember"]>;
};
/** Turns settings into the text of a value; `undefined` when there is nothing to write. */
type Writer = (conf: ProxyConf) => string | undefined;

type SecondsKey = {
  [K in keyof ProxyConf]-?: ProxyConf[K] extends number ? K : never;
}[keyof ProxyConf];

const SECONDS = "a number of seconds such as 3 or 0.5";

function parseSeconds(text: string): number | undefined {
  return /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : undefined;
}

function seconds(key: SecondsKey): [Reader, Writer] {
  return [
    (value) => {
      const number = parseSeconds(value);
      return number === undefined ? SECONDS : { [key]: number };
    },
    (conf) => `${conf[key]}`,
  ];
}

function path(key: "portsConf" | "hostsConf" | "socket"): [Reader, Writer] {
  return [
    (value, directory) => {
      const path = isAbsolute(value) ? normalize(value) : join(directory, value);
      // What comes out of "x /." could not be written down again.
      return /\s$/.test(path) ? "a path that does not end with a blank" : { [key]: path };
    },
    (conf) => conf[key],
  ];
}

/** One address or host name, without blanks or commas; brackets around IPv6 are dropped. */
function parseAddress(text: string): string | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s,\[\]]+))$/.exec(text);
  return match ? match[1] ?? match[2] : undefined;
}

function address(key: "host" | "podHost"): [Reader, Writer] {
  return [
    (value) => {
      const found = parseAddress(value);
      return found === undefined ? "one address" : { [key]: found };
    },
    (conf) => conf[key],
  ];
}

function addresses(key: "proxyFrom" | "peerFrom"): [Reader, Writer] {
  return [
    (value) => {
      if (value === "none") return { [key]: [] };
      const found = value.split(",").map((part) => parseAddress(part.trim()));
      return found.includes(undefined) || found.includes("none")
        ? "addresses separated by commas, or none"
        : { [key]: found };
    },
    (conf) => conf[key].join(",") || "none",
  ];
}

function networks(key: "clientFrom"): [Reader, Writer] {
  return [
    (value) => {
      const parts = value.split(",");
      const found = parts.map((part) => parseNetwork(part.trim())).filter((each) =>
        each !== undefined
      );
      return found.length < parts.length
        ? "addresses and networks separated by commas, own, or any"
        : { [key]: found };
    },
    (conf) => conf[key].join(","),
  ];
}

/** A number from `least` to `most`, or a word in its place. */
function count(key: "workers" | "preDial", least: number, most: number): [Reader, Writer] {
  const words = key === "workers" ? ["auto"] : [];
  return [
    (value) => {
      if (words.includes(value)) return { [key]: value };
      const number = parseDecimal(value);
      return number !== undefined && number >= least && number <= most
        ? { [key]: number }
        : [`a number from ${least} to ${most}`, ...words].join(" or ");
    },
    (conf) => `${conf[key]}`,
  ];
}

function oneOf<Key extends "engine" | "prefer">(
  key: Key,
  words: readonly ProxyConf[Key][],
): [Reader, Writer] {
  return [
    (value) => words.some((word) => word === value) ? { [key]: value } : words.join(" or "),
    (conf) => conf[key],
  ];
}

function remember(answer: keyof ProxyConf["remember"]): [Reader, Writer] {
  return [
    (value) => {
      const number = parseSeconds(value);
      return number === undefined ? SECONDS : { remember: { [answer]: number } };
    },
    (conf) => `${conf.remember[answer]}`,
  ];
}

export const KEYS: Readonly<Record<string, [Reader, Writer]>> = {
  PORTSCONF: path("portsConf"),
  HOSTSCONF: path("hostsConf"),
  HOST: address("host"),
  PODHOST: address("podHost"),
  PORT: [
    (value) => {
      const port = parseDecimal(value);
      return port !== undefined && isPort(port) ? { port } : "a port, 1 to 65535";
    },
    (conf) => `${conf.port}`,
  ],
  CLUSTERPORTS: [
    (value) => {
      const clusterPorts = parsePortRanges(value);
      return clusterPorts ? { clusterPorts } : "ports and ranges such as 5000,61000-65535";
    },
    (conf) => formatPortRanges(conf.clusterPorts),
  ],
  PROXYFROM: addresses("proxyFrom"),
  CLIENTFROM: networks("clientFrom"),
  PEERFROM: addresses("peerFrom"),
  PREFER: oneOf("prefer", ["own", "none"]),
  PREDIAL: count("preDial", 0, 64),
  ENGINE: oneOf("engine", ["auto", "deno", "linux"]),
  WORKERS: count("workers", 1, 64),
  SOCKET: path("socket"),
  METRICS: [
    (value) => {
      const metrics = parseHostAddress(value);
      return metrics ? { metrics } : "an address and a port such as 127.0.0.1:9101";
    },
    (conf) => conf.metrics && formatHostAddress(conf.metrics),
  ],
  REMEMBEROK: remember("ok"),
  REMEMBERREFUSED: remember("refused"),
  REMEMBERBUSY: remember("busy"),
  REMEMBERSILENT: remember("silent"),
  CONNECTSECONDS: seconds("connectSeconds"),
  GIVEUPSECONDS: seconds("giveUpSeconds"),
  BUSYSECONDS: seconds("busySeconds"),
  PROXYWAITSECONDS: seconds("proxyWaitSeconds"),
  IDLESECONDS: seconds("idleSeconds"),
  KEEPALIVESECONDS: seconds("keepAliveSeconds"),
  DRAINSECONDS: seconds("drainSeconds"),
};
