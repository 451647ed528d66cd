/** Ports of one pod that get into each other's way. */
import type { Reporter } from "../reporter.ts";
import type { Found } from "../schema/schema.ts";
import type { ExposeDraft } from "./expose.ts";

/** The expose entries of one container or executable. */
export interface UnitPorts {
  readonly name: string;
  readonly entries: readonly ExposeDraft[];
}

/** Reports host ports that are taken twice on one interface, and other clashes. */
export function checkPortClashes(units: readonly UnitPorts[], reporter: Reporter): void {
  const entries = units.flatMap((unit) => unit.entries);
  checkHostPorts(entries, reporter);
  checkTargetPorts(units, reporter);
  const clusterPorts = new Map(
    entries.flatMap(({ fields: { clusterPort } }) =>
      clusterPort?.value === undefined ? [] : [[clusterPort.value, clusterPort] as const]
    ),
  );
  for (const { fields: { hostPort, protocol } } of entries) {
    const cluster = hostPort?.value === undefined || protocol?.value === "udp"
      ? undefined
      : clusterPorts.get(hostPort.value);
    if (!cluster) continue;
    reporter.warning(
      hostPort!.at,
      `hostPort ${hostPort!.value} is a clusterPort too, on ${
        reporter.place(cluster.at)
      }: on one ` +
        "interface the proxy and the pod cannot both listen there",
      "take a host port from 30000 to 32766",
    );
  }
}

function checkHostPorts(entries: readonly ExposeDraft[], reporter: Reporter): void {
  const seen = new Map<string, { readonly port: Found<number>; readonly address: string }[]>();
  for (const { fields } of entries) {
    const port = fields.hostPort;
    if (port?.value === undefined) continue;
    const address = addressOf(fields.hostInterface?.value ?? "");
    const socket = `${port.value}/${fields.protocol?.value ?? "tcp"}`;
    const earlier = seen.get(socket) ?? [];
    const clash = earlier.find((other) =>
      covers(other.address, address) || covers(address, other.address)
    );
    if (clash) {
      const place = reporter.place(clash.port.at);
      reporter.error(port.at, `hostPort ${port.value} is taken already, on ${place}`);
    }
    seen.set(socket, [...earlier, { port, address }]);
  }
}

/** An address in the one way of writing it. */
function addressOf(text: string): string {
  return text.includes(":") ? new URL(`http://[${text}]`).hostname : text;
}

/** Whether who listens at `wide` takes connections to `address`. `""` is not known yet. */
function covers(wide: string, address: string): boolean {
  if (wide === address || wide === "") return true;
  return wide === (address.startsWith("[") ? "[::]" : "0.0.0.0");
}

/** All containers share one network, so two of them cannot listen on one port. */
function checkTargetPorts(units: readonly UnitPorts[], reporter: Reporter): void {
  const owners = new Map<string, { readonly unit: string; readonly port: Found<number> }>();
  for (const { name, entries } of units) {
    for (const { fields: { targetPort, protocol } } of entries) {
      if (targetPort?.value === undefined) continue;
      const socket = `${targetPort.value}/${protocol?.value ?? "tcp"}`;
      const owner = owners.get(socket);
      if (!owner) owners.set(socket, { unit: name, port: targetPort });
      else if (owner.unit !== name) {
        reporter.warning(
          targetPort.at,
          `targetPort ${targetPort.value} is that of container ${owner.unit} too, on ${
            reporter.place(owner.port.at)
          }`,
          "the containers of a pod share one network, only one of them can listen on a port",
        );
      }
    }
  }
}
