/** What is measured: the families of metrics, as Prometheus names them. */

/** One family. All its samples have the same labels. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

const PREFIX = "simplenetes_proxy_";

function family(
  type: Family["type"],
  name: string,
  help: string,
  ...labels: readonly string[]
): Family {
  return { type, name: PREFIX + name, help, labels };
}

/** In the order in which they are written. */
export const FAMILIES = {
  info: family("gauge", "info", "Always 1.", "version", "engine"),
  start: family("gauge", "start_time_seconds", "When the proxy started, since 1970."),
  workers: family("gauge", "workers", "Threads that serve connections."),
  reloads: family("counter", "reloads_total", "Times that changed files were taken over."),
  problems: family("gauge", "files_with_problems", "Files that are not in force as they are now."),
  openFiles: family("gauge", "open_files_limit", "Sockets and files that the process may have."),
  listeners: family("gauge", "listeners", "Open listeners."),
  listenersWanted: family("gauge", "listeners_wanted", "Listeners that the settings ask for."),
  acceptFailures: family("counter", "accept_failures_total", "Failed accepts.", "cause"),
  open: family("gauge", "open_connections", "Open connections, those to pods and hosts included."),
  idle: family("gauge", "idle_connections", "Further ones between proxies, kept ready."),
  waiting: family("gauge", "waiting_clients", "Clients that wait for room."),
  clients: family(
    "counter",
    "client_connections_total",
    "Clients of cluster ports, by the host of the pod that took them (local, or as in hosts.conf) and the result.",
    "cluster_port",
    "host",
    "result",
  ),
  peers: family(
    "counter",
    "peer_connections_total",
    "Connections from other proxies for pods of this host.",
    "cluster_port",
    "result",
  ),
  active: family(
    "gauge",
    "active_connections",
    "Joined connections; side is who came: client or peer (another proxy).",
    "cluster_port",
    "host",
    "side",
  ),
  bytes: family(
    "counter",
    "bytes_total",
    "Bytes passed on until now.",
    "cluster_port",
    "side",
    "direction",
  ),
  ends: family("counter", "ended_connections_total", "How connections ended.", "side", "end"),
  asks: family(
    "counter",
    "asks_total",
    "Answers of other hosts; asked_for is client, or probe when nobody waits for it.",
    "host",
    "answer",
    "asked_for",
  ),
  askTime: family(
    "histogram",
    "ask_seconds",
    "From the question for a cluster port to the answer of another host.",
    "host",
  ),
  connectTime: family("histogram", "pod_connect_seconds", "How long pods take to accept."),
} as const satisfies Record<string, Family>;

export type FamilyKey = keyof typeof FAMILIES;
export const FAMILY_KEYS = Object.keys(FAMILIES) as FamilyKey[];

/** Upper bounds of the buckets of all histograms, in seconds; one more bucket has no bound. */
export const BUCKETS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];
