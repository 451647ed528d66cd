/**
 * A self-signed certificate, for an ingress that has none yet: HAProxy does not listen on an https port
 * without. Nobody trusts it, and nobody is meant to.
 */
import { generateKeyPairSync, sign } from "node:crypto";

/** For as long as any cluster lives. */
const DAYS = 3650;

/**
 * Certificate and private key (P-256) as PEM.
 *
 * @param serial 16 random bytes
 */
export function makeFallbackCertificate(now: Date, serial: Uint8Array): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, utf8("no certificate yet")))));
  const until = new Date(now.getTime() + DAYS * 86_400_000);
  const toSign = sequence(
    der(0xa0, integer(Uint8Array.of(2))), // version 3
    integer(Uint8Array.of(0x01, ...serial)), // positive, whatever the bytes are
    algorithm,
    name,
    sequence(time(now), time(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(BASIC_CONSTRAINTS, der(0x04, sequence())))),
  );
  const signature = sign("sha256", toSign, privateKey);
  const certificate = sequence(toSign, algorithm, der(0x03, Uint8Array.of(0, ...signature)));
  return pem("CERTIFICATE", certificate) +
    (privateKey.export({ type: "pkcs8", format: "pem" }) as string);
}

// Object identifiers, encoded: ecdsa-with-SHA256, id-at-commonName, id-ce-basicConstraints.
const ECDSA_WITH_SHA256 = Uint8Array.of(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2);
const COMMON_NAME = Uint8Array.of(0x06, 3, 0x55, 4, 3);
const BASIC_CONSTRAINTS = Uint8Array.of(0x06, 3, 0x55, 0x1d, 0x13);

/** A value in DER: tag, length, content. */
function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...size, ...content);
}

const joined = (parts: readonly Uint8Array[]) =>
  Uint8Array.of(...parts.flatMap((part) => [...part]));
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, joined(parts));
const set = (...parts: readonly Uint8Array[]) => der(0x31, joined(parts));
const integer = (bytes: Uint8Array) => der(0x02, bytes);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** GeneralizedTime: seconds, in UTC. */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+Z$/, "Z").replaceAll(/[-T:]/g, "");
  const year = date.getUTCFullYear();
  // Before 2050 the shorter form with two digits of the year is the only one allowed.
  return year < 2050 ? der(0x17, utf8(digits.slice(2))) : der(0x18, utf8(digits));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
