/** What clients went through during a release, as far as somebody counted it. */
import type { Deps } from "../deps.ts";
import type { HostDir } from "../project/host.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { mapParallel } from "../sync/parallel.ts";

const TIMEOUT_MS = 15_000;
const PARALLEL = 10;

/** What one proxy has counted since its start. */
export interface ProxyCounts {
  /** Unix seconds; another start is another count. */
  readonly start: number;
  /** By cluster port: clients that got a pod, and those that did not. */
  readonly ports: ReadonlyMap<number, { readonly ok: number; readonly failed: number }>;
}

export interface Receipt {
  /** Connections of clients to the cluster ports of the pod; `null` when not all proxies told. */
  readonly seen: number | null;
  /** Those that no pod was found for. */
  readonly failed: number | null;
  /** Connections that the old version still had without getting new ones … */
  readonly open: number | null;
  /** … and those that had not ended when their time was over. */
  readonly cut: number | null;
  /** Why something is not known. */
  readonly unknown: readonly string[];
}

/** Asks the proxies of `hosts` what they have counted; `undefined` for one that does not tell. */
export async function proxyCounts(
  { connect, signal }: Pick<Deps, "connect" | "signal">,
  hosts: readonly HostDir[],
): Promise<Map<string, ProxyCounts | undefined>> {
  const results = await mapParallel(hosts, PARALLEL, async (host) => {
    const { code, stdout } = await connect(host).run({
      script: REMOTE_PROGRAMS.proxyMetrics,
      args: [host.env.hostHome],
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return code === 0 ? parseMetrics(new TextDecoder().decode(stdout)) : undefined;
  });
  return new Map(results.map((result, index) => [
    hosts[index]!.name,
    result.status === "fulfilled" ? result.value : undefined,
  ]));
}

/** Reads the metrics of a proxy in the text format of Prometheus; `undefined` when they are none. */
export function parseMetrics(text: string): ProxyCounts | undefined {
  let start: number | undefined;
  const ports = new Map<number, { ok: number; failed: number }>();
  for (const line of text.split("\n")) {
    const match = /^simplenetes_proxy_([a-z_]+)(?:\{(.*)\})? ([0-9.e+]+)$/.exec(line);
    if (!match) continue;
    const [, name, labels = "", value] = match;
    if (name === "start_time_seconds") start = Number(value);
    if (name !== "client_connections_total") continue;
    const label = (key: string) => new RegExp(`(?:^|,)${key}="([^"]*)"`).exec(labels)?.[1];
    const port = Number(label("cluster_port"));
    const counts = ports.get(port) ?? { ok: 0, failed: 0 };
    if (label("result") === "ok") counts.ok += Number(value);
    else if (label("result") !== "refused") counts.failed += Number(value);
    ports.set(port, counts);
  }
  return start === undefined ? undefined : { start, ports };
}

/** What was counted between two looks, for the cluster ports of the pod. */
export function makeReceipt(
  before: ReadonlyMap<string, ProxyCounts | undefined>,
  after: ReadonlyMap<string, ProxyCounts | undefined>,
  clusterPorts: ReadonlySet<number>,
  drained: { readonly open: number | undefined; readonly cut: number | undefined },
): Receipt {
  const unknown: string[] = [];
  let seen = 0;
  let failed = 0;
  for (const [host, end] of after) {
    const begin = before.get(host);
    if (begin === undefined || end === undefined) {
      unknown.push(`the proxy of ${host} does not tell`);
    } else if (begin.start !== end.start) unknown.push(`the proxy of ${host} was restarted`);
    else {
      for (const port of clusterPorts) {
        const zero = { ok: 0, failed: 0 };
        const [from, to] = [begin.ports.get(port) ?? zero, end.ports.get(port) ?? zero];
        seen += to.ok + to.failed - from.ok - from.failed;
        failed += to.failed - from.failed;
      }
    }
  }
  const counted = unknown.length === 0;
  if (drained.open === undefined || drained.cut === undefined) {
    unknown.push("a host does not tell its connections");
  }
  return {
    seen: counted ? seen : null,
    failed: counted ? failed : null,
    open: drained.open ?? null,
    cut: drained.cut ?? null,
    unknown,
  };
}

/** The receipt as one line for people. */
export function formatReceipt({ seen, failed, open, cut, unknown }: Receipt): string {
  const known = (value: number | null) => value === null ? "not known" : String(value);
  return `Connections through the proxies: ${known(seen)}, failed: ${known(failed)};` +
    ` still open at the old version when it left: ${known(open)}, cut: ${known(cut)}` +
    (unknown.length === 0 ? "" : ` (${unknown.join("; ")})`);
}
