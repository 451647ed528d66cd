/**
 * From the rules of all pods to what HAProxy is to do, in the order in which it looks. Nothing here
 * does I/O, and the order of the input makes no difference.
 */
import { compareVersions } from "../../podc/mod.ts";
import type { Protocol, Rule, RuleAction } from "./ingress_conf.ts";

/** The rules of one version of a pod. */
export interface RuleSource {
  readonly pod: string;
  readonly version: string;
  /** How messages name the file, such as `web:1.0.0@h1 pod.ingress.conf`. */
  readonly file: string;
  readonly rules: readonly Rule[];
}

/** A word of a domain list. */
export type HostMatch =
  | { readonly kind: "any" }
  | { readonly kind: "exact"; readonly name: string }
  /** Ends like `suffix`; with a dot at its start the rest is meant as a name of its own, too. */
  | { readonly kind: "suffix"; readonly suffix: string };

/** A word of the path lists; all that is there has to match. */
export interface PathMatch {
  readonly exact?: string;
  readonly begin?: string;
  readonly end?: string;
}

/** Where matched requests go. */
export type Target =
  /** To pods of `pods` (sorted, for names only) behind any of `clusterPorts` (sorted). */
  | {
    readonly kind: "server";
    readonly pods: readonly string[];
    readonly clusterPorts: readonly number[];
  }
  | (Exclude<RuleAction, { kind: "server" }> & { readonly pods: readonly string[] });

export interface Match {
  readonly host: HostMatch;
  readonly path: PathMatch;
  readonly weight: number;
  readonly target: Target;
}

/** A public port. */
export interface Frontend {
  readonly bind: number;
  readonly protocol: Protocol;
  /** In the order in which they are tried. */
  readonly matches: readonly Match[];
}

export interface IngressPlan {
  readonly frontends: readonly Frontend[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** A rule's word for one domain and one path, and where it comes from. */
interface Claim {
  readonly bind: number;
  readonly protocol: Protocol;
  readonly weight: number;
  readonly host: HostMatch;
  readonly path: PathMatch;
  readonly action: RuleAction;
  readonly pod: string;
  readonly version: string;
  readonly place: string;
}

/**
 * Plans all frontends.
 *
 * @param excluded cluster ports whose rules are left out
 * @param reserved public ports that are taken, with what takes them
 */
export function planIngress(
  sources: readonly RuleSource[],
  options: {
    readonly excluded?: ReadonlySet<number>;
    readonly reserved?: ReadonlyMap<number, string>;
  } = {},
): IngressPlan {
  const errors: string[] = [];
  const warnings: string[] = [];
  const claims: Claim[] = [];
  for (const source of [...sources].sort(bySource)) {
    for (const rule of source.rules) {
      const place = `${source.file}:${rule.line}`;
      if (rule.action.kind === "server" && options.excluded?.has(rule.action.clusterPort)) {
        warnings.push(`${place}: left out, as cluster port ${rule.action.clusterPort} is excluded`);
        continue;
      }
      const taken = options.reserved?.get(rule.bind);
      if (taken !== undefined) errors.push(`${place}: port ${rule.bind} is taken by ${taken}`);
      claims.push(...claimsOf(rule, source, place));
    }
  }
  const byBind = [...Map.groupBy(claims, ({ bind }) => bind)].sort(([a], [b]) => a - b);
  const frontends = byBind.map(([bind, ofBind]): Frontend => {
    const { protocol, place } = ofBind[0]!;
    const other = ofBind.find((claim) => claim.protocol !== protocol);
    if (other !== undefined) {
      errors.push(
        `${other.place}: port ${bind} is for ${other.protocol} here, but for ${protocol} in ${place}`,
      );
    }
    const groups = [...Map.groupBy(ofBind, keyOf).values()];
    const matches = groups.flatMap((group) => {
      const target = settle(group, errors, warnings);
      const { host, path, weight } = group[0]!;
      return target === undefined ? [] : [{ host, path, weight, target }];
    });
    return { bind, protocol, matches: matches.sort(compareMatches) };
  });
  return { frontends, errors: unique(errors), warnings: unique(warnings) };
}

function claimsOf(rule: Rule, { pod, version }: RuleSource, place: string): Claim[] {
  const { bind, protocol, weight, action } = rule;
  const hosts = rule.domains.length === 0 ? [toHost("*")] : rule.domains.map(toHost);
  return hosts.flatMap((host) =>
    pathsOf(rule).map((path) => ({
      ...{ bind, protocol, weight, host, path, action, pod, version, place },
    }))
  );
}

function toHost(word: string): HostMatch {
  if (word === "*") return { kind: "any" };
  return word.startsWith("*")
    ? { kind: "suffix", suffix: word.slice(1) }
    : { kind: "exact", name: word };
}

function pathsOf({ path, pathBeg, pathEnd }: Rule): PathMatch[] {
  if (path.length > 0) return path.map((exact) => ({ exact }));
  const begins = pathBeg.length > 0 ? pathBeg.map((begin) => ({ begin })) : [{}];
  const ends = pathEnd.length > 0 ? pathEnd.map((end) => ({ end })) : [{}];
  return begins.flatMap((begin) => ends.map((end) => ({ ...begin, ...end })));
}

/** Claims of the same key want the same requests. */
function keyOf({ weight, host, path }: Claim): string {
  return JSON.stringify([weight, hostText(host), path.exact, path.begin, path.end]);
}

/** Decides between claims to the same requests. */
function settle(
  claims: readonly Claim[],
  errors: string[],
  warnings: string[],
): Target | undefined {
  const pods = unique(claims.map(({ pod }) => pod)).sort();
  const different = new Map(claims.map((claim) => [JSON.stringify(claim.action), claim]));
  const [first, second] = [...different.values()];
  if (first === undefined) return undefined;
  const servers = claims.flatMap(({ action }) =>
    action.kind === "server" ? [action.clusterPort] : []
  );
  if (servers.length === claims.length) {
    const shared = claims.find(({ pod }) => pod !== first.pod);
    if (shared !== undefined && second !== undefined) {
      warnings.push(`${shared.place}: shares ${describe(first)} with ${first.place}`);
    }
    return { kind: "server", pods, clusterPorts: unique(servers).sort((a, b) => a - b) };
  }
  if (second === undefined) return { ...(first.action as Exclude<RuleAction, ServerAction>), pods };
  const newest = claims.map(({ version }) => version).sort(compareVersions).at(-1)!;
  const ofNewest = claims.filter(({ version }) => version === newest);
  if (pods.length === 1 && ofNewest.length < claims.length) {
    const older = claims.find(({ version }) => version !== newest)!;
    warnings.push(
      `${older.place}: gives way to ${ofNewest[0]!.place}, which does something else with` +
        ` ${describe(first)}`,
    );
    return settle(ofNewest, errors, warnings);
  }
  errors.push(
    `${second.place}: does something else with ${describe(first)} than ${first.place}; give one` +
      " of them a higher weight, or another domain or path",
  );
  return undefined;
}

type ServerAction = Extract<RuleAction, { kind: "server" }>;

function describe({ protocol, bind, host, path }: Claim): string {
  const paths = [path.exact, path.begin && `${path.begin}…`, path.end && `…${path.end}`]
    .filter((part) => part !== undefined).join(" ");
  return `${protocol} requests on port ${bind} for ${hostText(host)}${paths && ` ${paths}`}`;
}

/** As the domain was written. */
function hostText(host: HostMatch): string {
  if (host.kind === "any") return "*";
  return host.kind === "exact" ? host.name : `*${host.suffix}`;
}

/** Higher weight first, then the more specific path, then the more specific domain, then by text. */
export function compareMatches(a: Match, b: Match): number {
  return b.weight - a.weight || compareLists(pathRank(b.path), pathRank(a.path)) ||
    compareLists(hostRank(b.host), hostRank(a.host)) ||
    compareText(pathText(a.path), pathText(b.path)) ||
    compareText(hostText(a.host), hostText(b.host));
}

/** An exact path, then the longest beginning, then the longest end; `/` begins every path. */
function pathRank({ exact, begin = "", end = "" }: PathMatch): number[] {
  if (exact !== undefined) return [1, exact.length, 0];
  return [0, begin === "/" ? 0 : begin.length, end.length];
}

/** A name of its own, then the longest wildcard, then all. */
function hostRank(host: HostMatch): number[] {
  if (host.kind === "exact") return [2, 0];
  return host.kind === "suffix" ? [1, host.suffix.length] : [0, 0];
}

const pathText = ({ exact, begin, end }: PathMatch) => JSON.stringify([exact, begin, end]);

function bySource(a: RuleSource, b: RuleSource): number {
  return compareText(a.pod, b.pod) || compareVersions(a.version, b.version) ||
    compareText(a.file, b.file);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  return a.map((each, index) => each - b[index]!).find((difference) => difference !== 0) ?? 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];
