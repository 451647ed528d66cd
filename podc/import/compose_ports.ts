/** `ports` of a compose service. */
import { composePlain } from "./compose_texts.ts";
import type { Fields, Value } from "./draft.ts";
import { isDict, show, textOf } from "./read.ts";

/** `[address:]host:container[/protocol]`, the host's part perhaps missing. */
const SHORT = /^(?:(?:(\[[^\]]+\]|[0-9.]+):)?([0-9-]*):)?([0-9-]+)(?:\/(tcp|udp))?$/;
const MOST_PORTS = 20;

/** `expose` of the container; remarks tell of what has no counterpart. */
export function composePorts(
  ports: readonly unknown[],
  where: string,
  notes: string[],
): Fields[] | undefined {
  const all = ports.flatMap((port, index) =>
    isDict(port)
      ? long(port, notes)
      : short(composePlain(textOf(port, `${where}.ports[${index}]`), notes), notes)
  );
  if (all.length === 0) return undefined;
  notes.push(
    "For other pods and the ingress, give a port a clusterPort, such as the variable CLUSTERPORTAUTO1.",
  );
  return all;
}

function short(text: string, notes: string[]): Fields[] {
  const match = SHORT.exec(text);
  if (!match) {
    notes.push(`No counterpart: port ${text}`);
    return [];
  }
  const [, address, host, target, protocol] = match;
  const [targets, hosts] = [range(target!), range(host || target!)];
  if (!targets || !hosts || targets.length !== hosts.length) {
    notes.push(`No counterpart: ports ${text}`);
    return [];
  }
  if (!host) notes.push(`Port ${target} got any free port of the host in compose.`);
  return targets.map((targetPort, index) => ({
    hostPort: hosts[index]!,
    targetPort,
    protocol: protocol === "udp" ? "udp" : undefined,
    hostInterface: address?.replace(/^\[|\]$/g, ""),
  }));
}

function long(port: Readonly<Record<string, unknown>>, notes: string[]): Fields[] {
  const published = port.published ?? port.target;
  const target = Number(port.target);
  const host = Number(published);
  if (!Number.isInteger(target) || !Number.isInteger(host)) {
    notes.push(`No counterpart: port ${show(port)}`);
    return [];
  }
  const hostInterface: Value | undefined = port.host_ip === undefined
    ? undefined
    : textOf(port.host_ip, "host_ip");
  const protocol = port.protocol === "udp" ? "udp" : undefined;
  return [{ hostPort: host, targetPort: target, protocol, hostInterface }];
}

/** The ports of `8000-8010` or `80`. */
function range(text: string): number[] | undefined {
  const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const count = Number(match[2] ?? match[1]) - first + 1;
  if (count < 1 || count > MOST_PORTS) return undefined;
  return Array.from({ length: count }, (_, index) => first + index);
}
