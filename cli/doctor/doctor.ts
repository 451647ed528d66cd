/** Examines hosts and tells what is wrong, for `host doctor` and `cluster doctor`. */
import { parseHostAddress, VERSION } from "../../proxy/conf/mod.ts";
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { attachedPods } from "../project/attachment.ts";
import type { Cluster } from "../project/cluster.ts";
import type { HostDir } from "../project/host.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { onHosts } from "../sync/parallel.ts";
import { formatJson, formatTable } from "../ui/table.ts";
import { diagnose, type Finding } from "./diagnose.ts";
import { parseFacts } from "./facts.ts";
import { askPorts, portsToAsk } from "./outside.ts";

const TIMEOUT_MS = 60_000;

export interface DoctorOptions {
  readonly all: boolean;
  readonly json: boolean;
  readonly parallel: number;
}

/**
 * Examines `hosts` and prints what is found.
 *
 * @param peers The hosts whose proxies they have to reach.
 * @returns the exit code: 1 when there is an error
 */
export async function examine(
  deps: Deps,
  cluster: Cluster,
  hosts: readonly HostDir[],
  peers: readonly HostDir[],
  options: DoctorOptions,
): Promise<number> {
  const results = await onHosts(
    deps.progress,
    hosts,
    options.parallel,
    "examining",
    (host) => examineOne(deps, cluster, host, peers),
  );
  const findings = results.flatMap((result, index): Finding[] =>
    result.status === "fulfilled" ? result.value : [{
      host: hosts[index]!.name,
      check: "login",
      level: "error",
      message: describeError(result.reason).join(" "),
      mend: `sns host shell ${hosts[index]!.name}`,
    }]
  );
  if (options.json) deps.stdout(formatJson(findings));
  else show(deps, findings, options.all);
  return findings.some(({ level }) => level === "error") ? 1 : 0;
}

async function examineOne(
  deps: Deps,
  cluster: Cluster,
  host: HostDir,
  peers: readonly HostDir[],
): Promise<Finding[]> {
  const others = new Map<string, string>();
  const addresses: string[] = [];
  for (const { name, env } of peers) {
    const address = parseHostAddress(env.routerAddress);
    if (name === host.name || address === undefined || host.env.routerAddress === "") continue;
    others.set(`${address.hostname}:${address.port}`, name); // as facts.sh puts them together
    addresses.push(address.hostname, String(address.port));
  }
  const { code, stdout, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS.facts,
    args: [host.env.hostHome, ...addresses],
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code !== 0) throw new Error(stderr.trim() || `the program ended with ${code}`);
  const facts = parseFacts(new TextDecoder().decode(stdout));
  const { host: address, jumpHost, port } = host.env;
  // Without a jump host SSH has to be open, whatever EXPOSE says.
  const expose = [...new Set([...host.env.expose, ...(jumpHost === "" ? [String(port)] : [])])];
  // A host behind another one has nothing to do with the internet.
  const outside = address === "local" || jumpHost !== ""
    ? undefined
    : await askPorts(address, portsToAsk(facts, expose));
  return diagnose(facts, {
    host: host.name,
    clusterId: cluster.id,
    version: VERSION,
    pods: await attachedPods(host),
    others,
    nowMs: deps.now().getTime(),
    expose,
    ...(outside === undefined ? {} : { outside }),
  });
}

function show(deps: Deps, findings: readonly Finding[], all: boolean): void {
  const shownOnes = findings.filter(({ level }) => all || level !== "ok");
  if (shownOnes.length > 0) {
    const rows = shownOnes.flatMap(({ host, check, level, message, mend }) => [
      [host, level, check, message],
      ...(mend === undefined ? [] : [["", "", "", `mend: ${mend}`]]),
    ]);
    deps.stdout(formatTable(rows, ["HOST", "LEVEL", "CHECK", "FINDING"]));
  }
  const count = (wanted: Finding["level"]) =>
    findings.filter(({ level }) => level === wanted).length;
  const said = `${count("error")} errors, ${count("warning")} warnings, ${count("ok")} checks ok`;
  if (count("error") > 0) deps.log.error(said);
  else deps.log.ok(said);
}
