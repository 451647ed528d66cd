/** From facts about a host to what is wrong with it. Pure. */
import { X509Certificate } from "node:crypto";
import { images } from "./architecture.ts";
import type { Facts } from "./facts.ts";
import { firewall } from "./firewall.ts";
import type { Answer } from "./outside.ts";

export interface Finding {
  readonly host: string;
  /** One word for what was looked at. */
  readonly check: string;
  /** error: something does not work, or soon won't; warning: it may hurt one day. */
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  /** What to type on the host, or where sns is. */
  readonly mend?: string;
}

/** What the project says of the host. */
export interface Expected {
  readonly host: string;
  readonly clusterId: string;
  /** Version of these programs. */
  readonly version: string;
  /** Attached pods. */
  readonly pods: readonly string[];
  /** Names of other hosts by the address of their proxy. */
  readonly others: ReadonlyMap<string, string>;
  readonly nowMs: number;
  /** Ports that its firewall is to let in. */
  readonly expose: readonly string[];
  /** What its ports answer to this machine; absent where that can't be asked. */
  readonly outside?: ReadonlyMap<number, Answer>;
}

type Check = (facts: Facts, expected: Expected) => Judged[];
export type Judged = Omit<Finding, "host" | "check">;

const ok = (message: string): Judged => ({ level: "ok", message });
const DAY_MS = 86_400_000;
/** What rootless podman wants for images with ordinary users. */
const WANTED_IDS = 65_536;

const one = (facts: Facts, name: string): string | undefined => facts.get(name)?.[0];
const number = (facts: Facts, name: string): number | undefined => {
  const text = one(facts, name);
  return text === undefined || text === "" ? undefined : Number(text);
};

/** What sets all up that the host itself is to have. */
const install = (host: string) => `sns host setup install ${host}`;

/** The checks by name, in the order of the report. */
const CHECKS: Readonly<Record<string, Check>> = {
  home(facts, { host, clusterId }) {
    const id = one(facts, "cluster");
    if (id === clusterId) return [ok("belongs to this cluster")];
    const mend = `sns host init ${host}`;
    if (id === undefined) return [{ level: "error", message: "is not initialised", mend }];
    return [{ level: "error", message: `belongs to the cluster ${id}`, mend: `${mend} --force` }];
  },
  disk: (facts) => room(facts, "disk", "of the disk", 1024 ** 2),
  inodes: (facts) => room(facts, "inodes", "of the disk's inodes", 10_000),
  clock(facts, { nowMs }) {
    const seconds = Math.round(Math.abs((number(facts, "time") ?? 0) - nowMs / 1000));
    if (seconds <= 5) return [ok("agrees with the clock here")];
    const message = `is ${seconds} s away from the clock here`;
    return [{
      level: seconds > 60 ? "error" : "warning",
      message,
      mend: "timedatectl set-ntp true",
    }];
  },
  podman,
  images,
  ids(facts, { host }) {
    if (!needsPodman(facts)) return [];
    return ["subuid", "subgid"].flatMap((kind): Judged[] => {
      const count = number(facts, kind) ?? 0;
      if (count >= WANTED_IDS) return [];
      const user = one(facts, "user") ?? "sns";
      return [{
        level: "error",
        message: `/etc/${kind} gives ${user} ${count} ids, images need ${WANTED_IDS}`,
        mend: install(host),
      }];
    });
  },
  linger(facts, { host }) {
    const linger = one(facts, "linger");
    if (linger === undefined || !needsPodman(facts)) return [];
    const user = one(facts, "user") ?? "sns";
    if (linger === "yes") return [ok(`processes of ${user} outlive its logins`)];
    const message = `containers of ${user} end with its last login`;
    return [{ level: "error", message, mend: install(host) }];
  },
  ports(facts, { host, pods }) {
    const start = number(facts, "ip_unprivileged_port_start");
    if (!pods.includes("ingress") || start === undefined) return [];
    if (start <= 80) return [ok("ports from 80 on are open to ordinary users")];
    return [{
      level: "error",
      message: `ports below ${start} are closed to ordinary users, the ingress needs 80 and 443`,
      mend: install(host),
    }];
  },
  daemon(facts, { host, version }) {
    const state = one(facts, "daemon");
    const running: Judged[] = state === undefined || state === "active" ? [] : [{
      level: "error",
      message: `the service simplenetesd is ${state || "not there"}: no pod is looked after`,
      mend: install(host),
    }];
    return [...running, ...versionOf(facts, "simplenetesd", version, host)];
  },
  proxy: (facts, { host, pods, version }) =>
    pods.includes("proxy") ? versionOf(facts, "simplenetes-proxy", version, host) : [],
  inotify(facts, { host }) {
    const most = number(facts, "max_user_instances");
    if (most === undefined || most >= 128) return [];
    return [{
      level: "warning",
      message: `a user can watch files ${most} times only`,
      mend: install(host),
    }];
  },
  reach(facts, { others }) {
    return (facts.get("reach") ?? []).flatMap((text): Judged[] => {
      const [address, word] = text.split(" ") as [string, string];
      const name = others.get(address) ?? "?";
      if (word === "yes") return [ok(`reaches the proxy of ${name} at ${address}`)];
      if (word === "unknown") return []; // neither bash nor nc
      return [{
        level: "error",
        message: `cannot connect to the proxy of ${name} at ${address}`,
        mend: `look there: is the pod proxy running, and the firewall open for this host?`,
      }];
    });
  },
  firewall,
  certificates: (facts, { nowMs }) =>
    (facts.get("certificate") ?? []).flatMap((text) => certificate(text, nowMs)),
};

/** What is to say of a host. Without trouble each check says ok, or nothing where it means nothing. */
export function diagnose(facts: Facts, expected: Expected): Finding[] {
  return Object.entries(CHECKS).flatMap(([check, judge]) =>
    judge(facts, expected).map((judged) => ({ host: expected.host, check, ...judged }))
  );
}

function needsPodman(facts: Facts): boolean {
  return facts.has("containers");
}

function room(facts: Facts, name: string, what: string, few: number): Judged[] {
  const text = one(facts, name);
  if (text === undefined) return [];
  const [all, free] = text.split(" ").map(Number) as [number, number];
  const percent = Math.floor(100 * free / all);
  const message = `${percent} % ${what} is free`;
  if (percent >= 10 || free >= few * 20) return [ok(message)];
  const mend = "sns host prune; on the host: podman image prune --all";
  return [{ level: percent < 3 && free < few ? "error" : "warning", message, mend }];
}

function podman(facts: Facts, { host }: Expected): Judged[] {
  if (!needsPodman(facts)) return [];
  const version = one(facts, "podman");
  const pod = one(facts, "containers");
  if (version === undefined) {
    const message = `podman is missing, ${pod} needs it`;
    return [{ level: "error", message, mend: install(host) }];
  }
  const problem = one(facts, "podmanError");
  if (problem !== undefined) {
    const message = `podman does not work: ${problem}`;
    return [{ level: "error", message, mend: "podman info # as the user of the host" }];
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 4 || (major === 4 && minor < 3)) {
    return [{ level: "error", message: `podman ${version} is older than 4.3`, mend: "upgrade it" }];
  }
  const storage = one(facts, "storage");
  if (storage === "vfs") {
    const message = "podman copies whole images for each container (storage driver vfs)";
    const mend = `set driver="overlay" in ~/.config/containers/storage.conf, podman system reset`;
    return [{ level: "warning", message, mend }];
  }
  return [ok(`podman ${version} works`)];
}

function versionOf(facts: Facts, program: string, version: string, host: string): Judged[] {
  const found = one(facts, program);
  if (found === undefined) {
    return [{ level: "warning", message: `${program} is not in the PATH`, mend: install(host) }];
  }
  if (found === version) return [ok(`${program} ${found}`)];
  return [{
    level: "warning",
    message: `${program} is ${found}, sns here is ${version}`,
    mend: `${install(host)} # with the newer sns`,
  }];
}

function certificate(text: string, nowMs: number): Judged[] {
  const space = text.lastIndexOf(" ");
  const file = text.slice(0, space);
  let leaf: X509Certificate;
  try {
    const body = text.slice(space + 1).replace(/.{64}/g, "$&\n");
    leaf = new X509Certificate(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`);
  } catch {
    return [{ level: "error", message: `${file} is no certificate`, mend: `remove or mend it` }];
  }
  const names = leaf.subjectAltName?.replaceAll("DNS:", "").replaceAll(",", "") ?? leaf.subject;
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const days = Math.floor((to - nowMs) / DAY_MS);
  const mend = file.includes("/letsencrypt/")
    ? "sns pod logs letsencrypt"
    : "renew it in _config/ingress/usercerts, then sns pod updateconfig ingress";
  if (to < nowMs) {
    const message = `the certificate for ${names} has expired (${file})`;
    return [{ level: "error", message, mend }];
  }
  // It is renewed when a third is left; a sixth means that renewals fail.
  if (to - nowMs < (to - from) / 6) {
    const message = `the certificate for ${names} expires in ${days} days (${file})`;
    return [{ level: "warning", message, mend }];
  }
  return [ok(`the certificate for ${names} is good for ${days} days`)];
}
