/** known_hosts: which key each host has. The format of OpenSSH; nothing here does I/O. */
import { createHash, createHmac } from "node:crypto";

/** One line that names keys. */
export interface KnownHost {
  /** Counted from 1. */
  readonly line: number;
  readonly marker?: "@revoked" | "@cert-authority";
  /** Names and patterns, or one hash. */
  readonly patterns: readonly string[];
  readonly type: string;
  /** The public key in base64. */
  readonly key: string;
}

/** What known_hosts says of a key that a host shows. */
export type KeyVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "unknown" }
  /** Other keys are recorded for the host, or this one as revoked. */
  | { readonly kind: "changed" | "revoked"; readonly recorded: readonly KnownHost[] };

/** Reads a known_hosts file; blank lines, comments and lines of any other form are passed over. */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    const match = /^\s*(?:(@revoked|@cert-authority)\s+)?([^\s#@]\S*)\s+(\S+)\s+([A-Za-z0-9+/]+=*)/
      .exec(content);
    if (match === null) return [];
    const [, marker, names = "", type = "", key = ""] = match;
    const line: KnownHost = { line: index + 1, patterns: names.split(","), type, key };
    return [marker === undefined ? line : { ...line, marker: marker as "@revoked" }];
  });
}

/** The name under which the keys of an address are kept. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Judges the public key `key` that the host `name` shows. */
export function judgeHostKey(
  hosts: readonly KnownHost[],
  name: string,
  key: Uint8Array,
): KeyVerdict {
  const shown = base64(key);
  const lines = linesOf(hosts, name);
  const revoked = lines.filter((line) => line.marker === "@revoked" && line.key === shown);
  if (revoked.length > 0) return { kind: "revoked", recorded: revoked };
  const recorded = lines.filter(({ marker }) => marker === undefined);
  if (recorded.length === 0) return { kind: "unknown" };
  return recorded.some((line) => line.key === shown)
    ? { kind: "known" }
    : { kind: "changed", recorded };
}

/** The types of the keys that are recorded for `name`. */
export function recordedTypes(hosts: readonly KnownHost[], name: string): string[] {
  const lines = linesOf(hosts, name).filter(({ marker }) => marker === undefined);
  return [...new Set(lines.map(({ type }) => type))];
}

/** `text` with `key` as the only key of `name`; what it says of other hosts stays. */
export function withHostKey(text: string, name: string, key: Uint8Array): string {
  const own = new Set(
    linesOf(parseKnownHosts(text), name).filter(({ marker }) => marker === undefined)
      .map(({ line }) => line),
  );
  const kept = text.split("\n").flatMap((content, index) => {
    if (!own.has(index + 1)) return [content];
    const [names = "", ...rest] = content.trim().split(/\s+/);
    const others = names.split(",").filter((pattern) => !matches(pattern, name));
    return others.length === 0 ? [] : [[others.join(","), ...rest].join(" ")];
  }).join("\n");
  const before = kept === "" || kept.endsWith("\n") ? kept : `${kept}\n`;
  return `${before}${name} ${keyType(key)} ${base64(key)}\n`;
}

/** The fingerprint of a public key as ssh shows it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The fingerprint of the key in a line. */
export function fingerprintOf({ key }: KnownHost): string {
  return fingerprint(Uint8Array.fromBase64(key));
}

/** The type that a public key names at its begin, such as `ssh-ed25519`. */
export function keyType(key: Uint8Array): string {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return new TextDecoder().decode(key.subarray(4, 4 + view.getUint32(0)));
}

const base64 = (bytes: Uint8Array) => bytes.toBase64();

function linesOf(hosts: readonly KnownHost[], name: string): KnownHost[] {
  return hosts.filter(({ patterns }) =>
    patterns.some((pattern) => matches(pattern, name)) &&
    !patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name))
  );
}

function matches(pattern: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(pattern);
  if (hashed) {
    const salt = Uint8Array.fromBase64(hashed[1]!);
    return createHmac("sha1", salt).update(name).digest("base64") === hashed[2];
  }
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === name;
  const source = pattern.toLowerCase().replace(/[^*?]+/g, RegExp.escape)
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
