/** The status of a proxy for people. Pure. */
import { formatPortRanges, portRangesOf } from "../conf/mod.ts";
import type { HostStatus, ProxyStatus } from "./status.ts";

/** A few lines, then a table of hosts and one of mappings. */
export function formatStatus(status: ProxyStatus): string {
  const { listeners } = status;
  const facts: [string, string][] = [
    ["proxy", `${status.version}, pid ${status.pid}, since ${timeOf(status.since)}`],
    ["state", status.draining ? "draining" : "serving"],
    ["engine", `${status.engine}, ${count(status.workers, "worker")}`],
    ["listens on", `${status.host}, ports ${status.clusterPorts}, for other hosts ${status.port}`],
    ["listeners", `${listeners.open} of ${listeners.wanted}`],
    ...(listeners.missing === "" ? [] : [["missing", listeners.missing] as [string, string]]),
    [
      "serves",
      `${status.sessions} with ${count(status.connections, "connection")}, ${status.idle} idle`,
    ],
    ["last reload", timeOf(status.lastReload)],
    ...status.waitsForRestart.map((line): [string, string] => ["on restart", line]),
    ...status.problems.map(({ file, problem }): [string, string] => [
      "problem",
      `${file}: ${problem}`,
    ]),
  ];
  const hosts = status.hosts.map((host) => [
    host.host,
    host.own ? "own" : host.address ?? "no address",
    `${host.active}`,
    remembered(host),
  ]);
  const mappings = status.mappings.map((mapping) => [
    `${mapping.clusterPort}`,
    `${status.podHost}:${mapping.hostPort}`,
    `${mapping.active}`,
    `${mapping.maxConn}`,
    mapping.sendProxy ? "yes" : "no",
  ]);
  return [
    columns(facts),
    columns([["HOST", "ADDRESS", "ACTIVE", "REMEMBERED"], ...hosts]),
    columns([["CLUSTER PORT", "POD", "ACTIVE", "LIMIT", "PROXY HEADER"], ...mappings]),
  ].join("\n");
}

/** Ports by answer, such as `ok 61000-61002, refused 61003`. */
function remembered(host: HostStatus): string {
  const ports = new Map<string, number[]>();
  for (const { port, answer } of host.remembered) {
    const list = ports.get(answer) ?? [];
    ports.set(answer, port === null ? list : [...list, port]);
  }
  return [...ports].map(([answer, list]) =>
    `${answer} ${formatPortRanges(portRangesOf(list))}`.trim()
  ).join(", ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function timeOf(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/** Rows with aligned columns, a line each. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => widths[index] = Math.max(widths[index] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, index) => cell.padEnd(widths[index]!)).join("  ").trimEnd() + "\n"
  ).join("");
}
