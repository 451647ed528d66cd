/** `ingress` of an expose entry: which public requests come to it. */
import type { IngressAction, IngressRule } from "../pod_spec.ts";
import { type Reporter, show } from "../reporter.ts";
import { blankList } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import {
  alternatives,
  boolean,
  integer,
  oneOf,
  refuse,
  scalar,
  textThat,
} from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import { list } from "../schema/list.ts";

const PROTOCOLS = ["http", "https", "tcp"] as const;
const path = (what: string, example: string) =>
  optional(
    blankList((word) => !/\p{Cc}/u.test(word), "a path"),
    `${what}, separated by blanks`,
    example,
  );
const url = textThat((value) => /^[^\s\p{Cc}]+$/u.test(value), "a URL without blanks");

const RULE = object({
  protocol: required(oneOf(PROTOCOLS), "http, https or tcp", "https", "http, https or tcp", {
    domain: "example.com",
  }),
  bind: optional(integer(1, 65535, "a port"), "Public port; 80 for http, 443 for https", 8443, {
    domain: "example.com",
  }),
  domain: optional(
    blankList(
      (word) => /^\*?[A-Za-z0-9._-]*$/.test(word),
      "a domain such as example.com or *.example.com",
    ),
    "Domains, separated by blanks; *.example.com for it and all below it",
    "example.com *.example.org",
  ),
  weight: optional(integer(0, 999_999_999), "Rules of higher weight are matched first; 100", 200, {
    domain: "example.com",
  }),
  path: path("Exact paths", "/login /logout"),
  pathBeg: path("Beginnings of paths", "/static/ /images/"),
  pathEnd: path("Ends of paths", ".css .js"),
  redirectToHttps: optional(boolean(), "true: redirect to the same URL with https", true, {
    protocol: "http",
  }),
  redirectLocation: optional(url, "Redirect to this URL", "https://example.com/moved"),
  redirectPrefix: optional(
    url,
    "Redirect to this URL with the path of the request behind it",
    "https://www.example.com",
  ),
  errorfile: optional(
    scalar({ type: "string" }, parseErrorfile),
    "Answer with `<code> <file>`",
    "503 /mnt/sorry.http",
  ),
}, {
  instead: {
    domains: "did you mean domain?",
    host: "did you mean domain?",
    port: "did you mean bind?",
    paths: "did you mean path?",
  },
});

export const INGRESS = list(RULE);
export type RuleDraft = DraftOf<typeof RULE>;
type Fields = RuleDraft["fields"];

const ACTIONS = ["redirectToHttps", "redirectLocation", "redirectPrefix", "errorfile"] as const;
const PATHS = ["path", "pathBeg", "pathEnd"] as const;

function parseErrorfile(value: string) {
  return /^[1-5][0-9][0-9] +[^\s\p{Cc}]+$/u.test(value)
    ? value
    : refuse(`is ${show(value)}, but must be a status code and a file, such as 503 /mnt/503.http`);
}

/** The ports of the expose entry that a rule stands in, as far as they are written there. */
export interface RulePorts {
  readonly hostPort: Found<number> | undefined;
  readonly clusterPort: Found<number> | undefined;
}

/** The rule of a draft; `undefined` when something that it needs is missing or wrong. */
export function toRule(
  draft: RuleDraft,
  ports: RulePorts,
  reporter: Reporter,
): IngressRule | undefined {
  const { fields } = draft;
  const protocol = fields.protocol?.value;
  if (protocol === undefined) return undefined;
  checkCriteria(draft, protocol, reporter);
  const action = toAction(draft, protocol, ports, reporter);
  if (protocol === "tcp" && !fields.bind) {
    reporter.error(fields.protocol!.at, "a rule for tcp has no bind", "add bind: <public port>");
  }
  if (!action) return undefined;
  return {
    protocol,
    bind: fields.bind?.value ?? (protocol === "http" ? 80 : 443),
    domain: fields.domain?.value ?? [],
    weight: fields.weight?.value ?? 100,
    path: fields.path?.value ?? [],
    pathBeg: fields.pathBeg?.value ?? [],
    pathEnd: fields.pathEnd?.value ?? [],
    action,
  };
}

function checkCriteria({ fields }: RuleDraft, protocol: string, reporter: Reporter): void {
  for (const key of PATHS) {
    if (protocol === "tcp" && fields[key]) {
      reporter.error(fields[key].key, `${key} is for http and https, this rule is for tcp`);
    }
  }
  for (const key of ["pathBeg", "pathEnd"] as const) {
    if (protocol === "tcp" || !fields.path || !fields[key]) continue;
    reporter.error(
      fields[key].key,
      `${key} cannot stand beside path, which is on ${reporter.place(fields.path.key)}`,
      "make two rules of it",
    );
  }
  for (const key of ["path", "pathBeg"] as const) {
    const wrong = fields[key]?.value?.find((each) => !each.startsWith("/"));
    if (wrong === undefined || protocol === "tcp") continue;
    const message = `${key} ${show(wrong)} never matches: all paths begin with /`;
    reporter.warning(fields[key]!.at, message);
  }
}

function toAction(
  draft: RuleDraft,
  protocol: IngressRule["protocol"],
  ports: RulePorts,
  reporter: Reporter,
): IngressAction | undefined {
  const { fields } = draft;
  const given = ACTIONS.filter((key) => fields[key] && fields[key].value !== false);
  const [first, ...others] = given;
  if (first === undefined) return serverAction(draft, protocol, ports, reporter);
  for (const other of others) {
    const firstPlace = reporter.place(fields[first]!.key);
    reporter.error(
      fields[other]!.key,
      `a rule has one action only, and there is ${first} on ${firstPlace} already`,
    );
  }
  if (protocol === "tcp") {
    reporter.error(fields[first]!.key, `${first} is for http and https, this rule is for tcp`);
  }
  if (protocol === "https" && first === "redirectToHttps") {
    const hint = "use protocol: http for the rule that redirects";
    reporter.error(fields[first]!.key, "redirectToHttps in a rule for https never ends", hint);
  }
  return actionOf(first, fields);
}

function actionOf(key: (typeof ACTIONS)[number], fields: Fields): IngressAction | undefined {
  if (key === "redirectToHttps") return { kind: key };
  const value = fields[key]?.value;
  if (value === undefined) return undefined;
  if (key !== "errorfile") return { kind: key, url: value };
  const [code, file] = value.split(/ +/) as [string, string];
  return { kind: key, code: Number(code), path: file };
}

/** A rule without an action of its own sends what it matches to the pod. */
function serverAction(
  { fields, at }: RuleDraft,
  protocol: IngressRule["protocol"],
  { hostPort, clusterPort }: RulePorts,
  reporter: Reporter,
): IngressAction | undefined {
  const missing = [hostPort ? "" : "hostPort", clusterPort ? "" : "clusterPort"].filter(Boolean);
  if (missing.length > 0) {
    reporter.error(
      at,
      `this rule leads to the pod, but its expose entry has no ${missing.join(" and no ")}`,
      `add it there, or give the rule an action: ${alternatives(ACTIONS)}`,
    );
  }
  if (protocol !== "tcp" && !fields.domain && !PATHS.some((key) => fields[key])) {
    reporter.error(
      at,
      `this ${protocol} rule has neither a domain nor a path`,
      "add domain: example.com, or pathBeg: / for all requests",
    );
  }
  if (clusterPort?.value === undefined) return undefined;
  if (clusterPort.value >= 64000) {
    reporter.warning(
      clusterPort.at,
      `cluster port ${clusterPort.value} is never made public: ingress leaves out 64000 and above`,
    );
  }
  return { kind: "server", clusterPort: clusterPort.value };
}
