/** `expose` of a container or executable: its ports, and what leads to them. */
import { isIP } from "node:net";
import { DEFAULT_MAX_CONN, isClusterPort, ROUTER_PORT } from "../../../proxy/conf/mod.ts";
import type { Expose, ExposedPort } from "../pod_spec.ts";
import { type Reporter, show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional } from "../schema/object.ts";
import { boolean, integer, oneOf, refuse, scalar } from "../schema/scalars.ts";
import { INGRESS, toRule } from "./ingress.ts";

const OPEN = { hostPort: 8080, targetPort: 80 };

const EXPOSE_ENTRY = object({
  hostPort: optional(
    scalar({ type: "integer", minimum: 1, maximum: 65535 }, parseHostPort),
    "Port on the host",
    8080,
    { targetPort: 80 },
  ),
  targetPort: optional(integer(1, 65535, "a port"), "Port inside the pod", 80, { hostPort: 8080 }),
  protocol: optional(
    oneOf(["tcp", "udp"]),
    "tcp (the default) or udp, which the cluster does not hand on",
    "udp",
    OPEN,
  ),
  clusterPort: optional(
    scalar({ type: "integer", minimum: 1024, maximum: 65535 }, parseClusterPort),
    "Port that the proxies of the whole cluster listen on for this pod",
    2000,
    OPEN,
  ),
  hostInterface: optional(
    scalar({ type: "string" }, parseInterface),
    "IPv4 or IPv6 address of the host to listen on, instead of the one the pod is started with",
    "127.0.0.1",
    OPEN,
  ),
  maxConn: optional(
    integer(1, 999_999_999),
    "Connections at a time over the cluster port; 4096",
    100,
    {
      ...OPEN,
      clusterPort: 2000,
    },
  ),
  sendProxy: optional(
    boolean(),
    "Whether the pod wants the PROXY protocol on its cluster port",
    true,
    {
      ...OPEN,
      clusterPort: 2000,
    },
  ),
  ingress: optional(INGRESS, "Rules for public traffic to the cluster port", [{
    protocol: "https",
    domain: "example.com",
  }], { ...OPEN, clusterPort: 2000 }),
}, {
  instead: {
    port: "did you mean targetPort, or hostPort?",
    containerPort: "did you mean targetPort?",
    domain: "domain is a key of ingress rules, one level below",
  },
});

export const EXPOSE = list(EXPOSE_ENTRY);
export type ExposeDraft = DraftOf<typeof EXPOSE_ENTRY>;
type Fields = ExposeDraft["fields"];

function parseHostPort(value: string) {
  const port = parsePort(value);
  if (typeof port !== "number") return port;
  return port === ROUTER_PORT
    ? refuse(`is ${port}, which is the port of the cluster's proxies`)
    : port;
}

function parseClusterPort(value: string) {
  const port = parsePort(value);
  if (typeof port !== "number" || isClusterPort(port)) return port;
  return refuse(`is ${port}, but must be from 1024 to 29999 or from 32768 to 65535`);
}

function parsePort(value: string) {
  return /^[0-9]{1,9}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535
    ? Number(value)
    : refuse(`is ${show(value)}, but must be a port from 1 to 65535`);
}

function parseInterface(value: string) {
  if (isIP(value) === 4) return value;
  if (isIP(value) === 6 && !value.includes("%")) return value;
  return refuse(
    `is ${show(value)}, but must be an address such as 127.0.0.1 or ::1`,
    isIP(value.replace(/^\[(.*)\]$/, "$1")) === 6 ? "write it without brackets" : undefined,
  );
}

/** What listens behind the ports: containers map them, executables open them themselves. */
export type ExposedUnit = "container" | "executable";

/** The entry of a draft; `undefined` when something that it needs is missing or wrong. */
export function toExpose(
  draft: ExposeDraft,
  unit: ExposedUnit,
  reporter: Reporter,
): Expose | undefined {
  const { fields, at } = draft;
  const rules = (fields.ingress?.value ?? []).map(({ value }) =>
    value && toRule(value, { hostPort: fields.hostPort, clusterPort: fields.clusterPort }, reporter)
  );
  if (!fields.hostPort) checkWithoutHostPort(fields, at, reporter);
  else checkPorts(fields, unit, reporter);
  if (!rules.every((rule) => rule !== undefined)) return undefined;
  const port = toPort(fields);
  return port ? { port, ingress: rules } : { ingress: rules };
}

/** What makes no sense without a host port. */
const PORT_KEYS = [
  "targetPort",
  "protocol",
  "clusterPort",
  "hostInterface",
  "maxConn",
  "sendProxy",
] as const;

function checkWithoutHostPort(fields: Fields, at: ExposeDraft["at"], reporter: Reporter): void {
  const orphans = PORT_KEYS.filter((key) => fields[key]);
  const [first] = orphans;
  if (first !== undefined) {
    reporter.error(
      fields[first]!.key,
      `${orphans.join(", ")} without hostPort: no port is opened`,
      "add hostPort: <port on the host>",
    );
  } else if (!fields.ingress) {
    reporter.error(at, "this entry exposes nothing", "give it a hostPort and a targetPort");
  }
}

function checkPorts(fields: Fields, unit: ExposedUnit, reporter: Reporter): void {
  const { hostPort, targetPort, clusterPort } = fields;
  if (unit === "container" && !targetPort) {
    const hint = "add targetPort: <port that the container listens on>";
    reporter.error(hostPort!.key, "hostPort without targetPort", hint);
  }
  if (fields.protocol?.value === "udp") checkUdp(fields, reporter);
  const host = hostPort?.value;
  if (host === undefined) return;
  if (unit === "executable" && targetPort?.value !== undefined && targetPort.value !== host) {
    reporter.error(
      targetPort.at,
      `targetPort is ${targetPort.value}, but an executable listens on its hostPort ${host} itself`,
      "leave targetPort out",
    );
  }
  if (host < 1024) {
    reporter.warning(
      hostPort!.at,
      `hostPort ${host} is below 1024, which only root may open by default`,
      `allow it on the host with: sysctl net.ipv4.ip_unprivileged_port_start=${host}`,
    );
  }
  if (host >= 61000 && host <= 63999) {
    reporter.warning(
      hostPort!.at,
      `hostPort ${host} is in the range of automatic cluster ports, 61000 to 63999`,
      "take one from 30000 to 32766",
    );
  }
  for (const key of ["maxConn", "sendProxy"] as const) {
    if (!clusterPort && fields[key]) {
      reporter.warning(fields[key].key, `${key} has no effect without clusterPort`);
    }
  }
}

/** The proxies of a cluster hand on TCP only. */
function checkUdp(fields: Fields, reporter: Reporter): void {
  for (const key of ["clusterPort", "maxConn", "sendProxy", "ingress"] as const) {
    if (!fields[key]) continue;
    reporter.error(
      fields[key].key,
      `${key} cannot stand beside protocol: udp, the cluster's proxies hand on tcp only`,
      "others reach a udp port at the host's address",
    );
    return;
  }
}

function toPort({ hostPort, targetPort, clusterPort, ...rest }: Fields): ExposedPort | undefined {
  if (hostPort?.value === undefined) return undefined;
  const hostInterface = rest.hostInterface?.value;
  return {
    hostPort: hostPort.value,
    targetPort: targetPort?.value ?? hostPort.value,
    ...(rest.protocol?.value === "udp" ? { protocol: "udp" as const } : {}),
    ...(hostInterface === undefined ? {} : { hostInterface }),
    ...(clusterPort?.value === undefined ? {} : { clusterPort: clusterPort.value }),
    maxConn: rest.maxConn?.value ?? DEFAULT_MAX_CONN,
    sendProxy: rest.sendProxy?.value ?? false,
  };
}
