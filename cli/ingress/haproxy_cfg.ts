/** haproxy.cfg from a plan and the templates. The same input gives the same bytes. */
import { sha256 } from "../project/config_checksum.ts";
import type { Protocol } from "./ingress_conf.ts";
import type { Frontend, HostMatch, IngressPlan, Match, PathMatch, Target } from "./plan.ts";
import { literalFormat, patterns } from "./words.ts";

/** The templates with their values, by name without `.conf.fragment`. */
export type Fragments = ReadonlyMap<string, string>;

export interface CfgOptions {
  /** Port on the host itself where the running configuration is told. */
  readonly adminPort: number;
  /** Whether what is in front of the ingress speaks the PROXY protocol. */
  readonly acceptProxy: boolean;
  /** Whether there is a {@link DEFAULT_CERTIFICATE}. */
  readonly defaultCertificate?: boolean;
}

/** Path below `_config/<pod>/` of the certificate for names that have none, if the user wants one. */
export const DEFAULT_CERTIFICATE = "usercerts/default.pem";

const ID_LINE = /^# config ([0-9a-f]{16})$/m;

/** The id of the configuration in a generated haproxy.cfg; `undefined` for other texts. */
export function configId(cfg: string): string | undefined {
  return ID_LINE.exec(cfg)?.[1];
}

/** The whole file. */
export function formatHaproxyCfg(
  { frontends }: IngressPlan,
  fragments: Fragments,
  options: CfgOptions,
): string {
  const backends = new Map<string, string>();
  const sections = frontends.map((frontend) => {
    for (const { target } of frontend.matches) {
      backends.set(backendName(frontend.protocol, target), "");
    }
    return frontendSection(frontend, fragments, options);
  });
  for (const { protocol, matches } of frontends) {
    for (const { target } of matches) {
      const name = backendName(protocol, target);
      backends.set(name, backendSection(name, protocol, target, fragments));
    }
  }
  const body = [
    `# admin port ${options.adminPort}`,
    (fragments.get("main") ?? "").trimEnd(),
    ...sections,
    ...NOTHING_FOUND,
    ...[...backends].sort(([a], [b]) => a < b ? -1 : 1).map(([, section]) => section),
  ];
  // The id is told by the configuration itself, so it is made of all the rest.
  const withId = (id: string) =>
    [...body, adminSection(id, fragments, options)].map((part) => `${part}\n`).join("\n");
  const id = sha256(withId("")).slice(0, 16);
  return `# Made by sns cluster geningress from the ingress of all running pods; it is replaced.\n` +
    `# config ${id}\n${withId(id)}`;
}

const NOTHING_FOUND = [
  section("backend nothing-http", [
    "mode http",
    "http-request return status 404 default-errorfiles",
  ]),
  section("backend nothing-tcp", ["mode tcp", "tcp-request content reject"]),
];

function section(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `    ${line}`)].join("\n");
}

/** The lines of a fragment, wherever they begin. */
function linesOf(fragments: Fragments, name: string): string[] {
  return (fragments.get(name) ?? "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function frontendSection(
  { bind, protocol, matches }: Frontend,
  fragments: Fragments,
  { acceptProxy, defaultCertificate }: CfgOptions,
): string {
  // Without a default, strict-sni lets HAProxy listen before there is any certificate.
  const others = defaultCertificate ? `crt ../${DEFAULT_CERTIFICATE}` : "strict-sni";
  const tls = protocol === "https"
    ? ` ssl ${others} crt ../usercerts crt ../autocerts alpn h2,http/1.1`
    : "";
  const more = `${acceptProxy ? " accept-proxy" : ""}${tls}`;
  const name = protocol === "tcp" ? "nothing-tcp" : "nothing-http";
  const bySni = protocol === "tcp" && matches.some(({ host }) => host.kind !== "any");
  const dotted = matches.some(({ host }) => host.kind === "suffix");
  const lines = linesOf(fragments, `frontend-${protocol}`);
  const isTcpRequest = (line: string) => line.startsWith("tcp-request ");
  return section(`frontend ${protocol}-${bind}`, [
    `mode ${protocol === "tcp" ? "tcp" : "http"}`,
    // Which of the two there are is known on the host, see bin/start.sh of the pod.
    ".if defined(INGRESS_BIND4)",
    `bind "$INGRESS_BIND4":${bind}${more}`,
    ".endif",
    ".if defined(INGRESS_BIND6)",
    `bind "ipv6@$INGRESS_BIND6":${bind} v6only${more}`,
    ".endif",
    // HAProxy heeds these first, wherever they stand.
    ...lines.filter(isTcpRequest),
    ...(protocol === "tcp" ? [] : [
      "http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)",
      "http-request set-var(txn.path) path",
      ...(dotted ? [`http-request ${DOTTED}`] : []),
    ]),
    ...lines.filter((line) => !isTcpRequest(line)),
    ...(bySni
      ? [...SNI, ...(dotted ? [`tcp-request content ${DOTTED} ${IF_HELLO}`] : []), HEARD]
      : []),
    ...matches.map((match) => useBackend(match, protocol)),
    `default_backend ${name}`,
  ]);
}

/** `*.example.com` is for example.com, too, which with a dot before it ends like all below it. */
const DOTTED = "set-var(txn.dotted) str(.),concat(,txn.host)";
const IF_HELLO = "if { req.ssl_hello_type 1 }";
/** The name that a TLS client asks for; others go on as soon as their first bytes tell. */
const SNI = [
  "tcp-request inspect-delay 5s",
  `tcp-request content set-var(txn.host) req.ssl_sni,lower,rtrim(.) ${IF_HELLO}`,
];
const HEARD = `tcp-request content accept ${IF_HELLO}`;

function useBackend({ host, path, target }: Match, protocol: Protocol): string {
  const conditions = [...hostConditions(host), ...pathConditions(path)];
  return [
    `use_backend ${backendName(protocol, target)}`,
    ...(conditions.length === 0 ? [] : ["if", ...conditions.map((each) => `{ ${each} }`)]),
  ].join(" ");
}

function hostConditions(host: HostMatch): string[] {
  switch (host.kind) {
    case "any":
      return [];
    case "exact":
      return [`var(txn.host) -m str ${patterns(host.name)}`];
    case "suffix":
      return [`var(txn.dotted) -m end ${patterns(host.suffix)}`];
  }
}

function pathConditions({ exact, begin, end }: PathMatch): string[] {
  return [
    ...(exact === undefined ? [] : [`path -m str ${patterns(exact)}`]),
    ...(begin === undefined ? [] : [`path_beg ${patterns(begin)}`]),
    ...(end === undefined ? [] : [`path_end ${patterns(end)}`]),
  ];
}

/** Says in logs and statistics where requests went. */
function backendName(protocol: Protocol, target: Target): string {
  const pods = target.pods.join("-");
  if (target.kind === "server") return `${protocol}.${pods}.${target.clusterPorts.join("-")}`;
  const { pods: _, ...action } = target;
  return `${protocol}.${pods}.${target.kind}-${sha256(JSON.stringify(action)).slice(0, 8)}`;
}

function backendSection(
  name: string,
  protocol: Protocol,
  target: Target,
  fragments: Fragments,
): string {
  const kind = target.kind === "server" ? "server" : "general";
  return section(`backend ${name}`, [
    `mode ${protocol === "tcp" ? "tcp" : "http"}`,
    ...linesOf(fragments, `backend-${protocol}_${kind}`),
    ...targetLines(target),
  ]);
}

function targetLines(target: Target): string[] {
  switch (target.kind) {
    case "server":
      return target.clusterPorts.map((port) =>
        `server clusterPort-${port} proxy:${port} send-proxy`
      );
    case "redirectToHttps":
      return ["http-request redirect location https://%[var(txn.host)]%[pathq] code 301"];
    case "redirectLocation":
      return [`http-request redirect location ${literalFormat(target.url)} code 301`];
    case "redirectPrefix":
      return [`http-request redirect prefix ${literalFormat(target.url)} code 301`];
    case "errorfile":
      return [`http-request return status ${target.code} errorfile ../${target.path}`];
  }
}

function adminSection(id: string, fragments: Fragments, { adminPort }: CfgOptions): string {
  return section("frontend ingress-admin", [
    "mode http",
    `bind "$INGRESS_ADMIN":${adminPort}`,
    "no log",
    `http-request return status 200 content-type text/plain string "${id}\\n" if { path /config }`,
    ...linesOf(fragments, "admin"),
    "default_backend nothing-http",
  ]);
}
