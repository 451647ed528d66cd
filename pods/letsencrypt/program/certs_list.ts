/** certs.txt: a line per certificate, its domains separated by blanks. Pure. */
import { createHash } from "node:crypto";

/** A certificate that a line asks for. */
export interface Wanted {
  /** sha256 of the trimmed line and a line feed, in hex: the name of its file without `.pem`. */
  readonly name: string;
  /** In the order of the line, lower case, in ASCII. */
  readonly domains: readonly string[];
}

/** What is wrong with a line. */
export interface Mistake {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** A line's worth of names is what one certificate of Let's Encrypt may have. */
const MAX_DOMAINS = 100;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads certs.txt: empty lines and lines that begin with `#` are passed over, a line that stands
 * there twice counts once. The good lines hold, whatever is wrong with others.
 */
export function parseCertsList(
  text: string,
): { readonly wanted: readonly Wanted[]; readonly mistakes: readonly Mistake[] } {
  const wanted = new Map<string, Wanted>();
  const mistakes: Mistake[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    try {
      const name = createHash("sha256").update(`${line}\n`).digest("hex");
      wanted.set(name, { name, domains: parseDomains(line.split(/\s+/)) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      mistakes.push({ line: index + 1, text: error.message });
    }
  }
  return { wanted: [...wanted.values()], mistakes };
}

class DomainError extends Error {}

function parseDomains(words: readonly string[]): string[] {
  const domains = [...new Set(words.map(parseDomain))];
  if (domains.length > MAX_DOMAINS) {
    throw new DomainError(`${domains.length} domains; one certificate can have ${MAX_DOMAINS}`);
  }
  return domains;
}

function parseDomain(word: string): string {
  if (word.includes("*")) {
    throw new DomainError(
      `"${word}": a wildcard is proved by a DNS record only, which this pod cannot make. ` +
        `List the names one by one, or put a wildcard certificate of yours into the ingress's usercerts`,
    );
  }
  const domain = toAscii(word);
  const labels = domain.split(".");
  if (
    domain.length > 253 || labels.length < 2 || !labels.every((label) => LABEL.test(label)) ||
    /^[0-9.]+$/.test(domain)
  ) {
    throw new DomainError(`"${word}" is no domain name, such as www.example.com`);
  }
  return domain;
}

/** Names with other letters in the form that DNS knows, by the rules of URLs. */
function toAscii(word: string): string {
  if (!/^[\p{L}\p{N}\p{M}.-]+$/u.test(word)) return "";
  try {
    return new URL(`http://${word}`).hostname;
  } catch {
    return ""; // what no URL can name is no domain
  }
}
