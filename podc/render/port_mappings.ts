/** pod.portmappings.conf: the cluster ports of one pod. */
import { formatPortMapping } from "../../proxy/conf/mod.ts";
import { type PodSpec, unitsOf } from "../spec/pod_spec.ts";

/** The file's text, a line for each cluster port in order of definition; empty when there is none. */
export function renderPortMappings(pod: PodSpec): string {
  const ports = unitsOf(pod).flatMap((unit) => unit.expose.flatMap(({ port }) => port ?? []));
  return ports.flatMap(({ clusterPort, hostPort, maxConn, sendProxy }) =>
    clusterPort === undefined
      ? []
      : formatPortMapping({ clusterPort, hostPort, maxConn, sendProxy }) + "\n"
  ).join("");
}
