/** The ports of the releases that one compile makes. Nothing here does I/O. */
import type { PodSpec } from "../../podc/mod.ts";
import { unitsOf } from "../../podc/mod.ts";
import {
  assignClusterPorts,
  assignHostPorts,
  type BoundPort,
  findPortClashes,
  type ReleasePorts,
} from "../project/ports.ts";

export interface PortRequest {
  readonly pod: string;
  readonly version: string;
  /** Names of the hosts that get a release. */
  readonly hosts: readonly string[];
  /** Variables that want a port. */
  readonly hostPorts: readonly string[];
  readonly clusterPorts: readonly string[];
  /** Texts that ports may be written in (pod.yaml and values): these are not handed out again. */
  readonly texts: readonly string[];
}

/**
 * Values of the port variables for each host: cluster ports alike on all, host ports their own.
 *
 * @param releases those of the whole cluster
 */
export function assignPorts(
  request: PortRequest,
  releases: readonly ReleasePorts[],
): Map<string, Map<string, number>> {
  const written = request.texts.flatMap(writtenPorts).map((port) => ({ port }));
  const taken = [
    ...releases,
    ...request.hosts.map((host): ReleasePorts => ({
      host,
      pod: request.pod,
      version: "",
      removed: false,
      hostPorts: written,
      clusterPorts: [],
      assigned: new Map(),
    })),
  ];
  const cluster = assignClusterPorts(request.clusterPorts, request, taken);
  return new Map(request.hosts.map((host) => {
    const own = assignHostPorts(request.hostPorts, host, taken);
    return [host, new Map([...cluster, ...own])];
  }));
}

/** The numbers in a text that may be meant as ports; one too many does no harm. */
function writtenPorts(text: string): number[] {
  return [...text.matchAll(/(?<![0-9])[0-9]{5}(?![0-9])/g)].map(([number]) => Number(number));
}

/** The ports that a pod binds on its host. */
export function boundPorts(spec: PodSpec): BoundPort[] {
  return unitsOf(spec).flatMap(({ expose }) => expose).flatMap(({ port }) =>
    port === undefined ? [] : [{
      port: port.hostPort,
      ...(port.hostInterface === undefined ? {} : { hostInterface: port.hostInterface }),
      ...(port.protocol === "udp" ? { protocol: port.protocol } : {}),
    }]
  );
}

/** The cluster ports that a pod serves. */
export function servedPorts(spec: PodSpec): number[] {
  return unitsOf(spec).flatMap(({ expose }) => expose)
    .flatMap(({ port }) => port?.clusterPort === undefined ? [] : [port.clusterPort]);
}

/** The clashes that `made` brings to the existing releases; old clashes are not told again. */
export function newClashes(
  existing: readonly ReleasePorts[],
  made: readonly ReleasePorts[],
): string[] {
  const before = new Set(findPortClashes(existing));
  return findPortClashes([...existing, ...made]).filter((clash) => !before.has(clash));
}
