/** What is to know of a certificate file: the chain, leaf first, and its private key. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Validity } from "./schedule.ts";

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/;

/** A certificate that can be served. */
export interface Certificate extends Validity {
  readonly pem: string;
}

/**
 * Reads the text of a certificate file.
 *
 * @param domains Those that it must be good for.
 * @throws Error when it is damaged, its key is another one's, or a domain is missing.
 */
export function readCertificate(pem: string, domains: readonly string[]): Certificate {
  const leaf = new X509Certificate(pem);
  const key = KEY.exec(pem)?.[0];
  if (key === undefined) throw new Error("it has no private key");
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new Error("its private key belongs to another certificate");
  }
  const missing = domains.find((domain) => leaf.checkHost(domain) === undefined);
  if (missing !== undefined) throw new Error(`it is not for ${missing}`);
  return { pem, notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
}
