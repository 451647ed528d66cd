/**
 * Whether a domain leads here, asked as the CA would ask: each of its addresses in DNS, port 80.
 * A failed validation counts for the limits of the CA, this check does not.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { IncomingMessage } from "node:http";
import { randomUUID } from "node:crypto";
import type { Address } from "./args.ts";
import { CHALLENGE_PATH, type ChallengeServer } from "./challenge_server.ts";
import { messageOf } from "./error_message.ts";

const TIMEOUT_MS = 10_000;
/** As many as Boulder, the software of Let's Encrypt, follows. */
const MAX_REDIRECTS = 10;
const MAX_BODY_BYTES = 4096;
const MAX_ADDRESSES = 16;

export interface PrecheckOptions {
  readonly challenges: ChallengeServer;
  readonly httpPort: number;
  readonly resolver: Address | undefined;
  readonly signal: AbortSignal;
}

/**
 * Why the CA would not find this program at `domain`, in words for a log; `undefined` when it would.
 * An address of a kind that this host has no route to (IPv6, mostly) is not judged.
 */
export async function precheck(
  domain: string,
  options: PrecheckOptions,
): Promise<string | undefined> {
  const answer = randomUUID();
  const token = `probe-${randomUUID()}`;
  using _ = options.challenges.put(token, answer);
  let addresses: readonly string[];
  try {
    addresses = await resolveName(domain, options);
  } catch (error) {
    return `DNS cannot be asked for ${domain}: ${messageOf(error)}`;
  }
  if (addresses.length === 0) return `${domain} has no address in DNS`;
  const url = new URL(`http://${domain}:${options.httpPort}${CHALLENGE_PATH}${token}`);
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    const problem = await ask(url, address, answer, options);
    if (problem !== undefined) return `${domain} is ${address} in DNS, but ${problem}`;
  }
  return undefined;
}

/** All addresses of a name; none when DNS knows no such name. */
async function resolveName(
  domain: string,
  { resolver, signal }: PrecheckOptions,
): Promise<string[]> {
  const options = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    ...(resolver && { nameServer: { ipAddr: resolver.hostname, port: resolver.port } }),
  };
  const addresses: string[] = [];
  for (const type of ["A", "AAAA"] as const) {
    try {
      addresses.push(...await Deno.resolveDns(domain, type, options));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return addresses;
}

async function ask(
  url: URL,
  address: string,
  answer: string,
  options: PrecheckOptions,
): Promise<string | undefined> {
  try {
    let [at, to] = [url, address];
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const { status, location, body } = await get(at, to, options.signal);
      if (body === answer) return undefined;
      if (status < 300 || status > 399 || location === undefined) {
        return `what answers there (status ${status}) is not this pod; ` +
          `do all load balancers have the ingress of this cluster?`;
      }
      at = new URL(location, at);
      to = (await resolveName(at.hostname, options))[0] ?? "";
      if (to === "") return `it redirects to ${at.hostname}, which has no address in DNS`;
    }
    return `it redirects more than ${MAX_REDIRECTS} times`;
  } catch (error) {
    options.signal.throwIfAborted();
    const message = messageOf(error);
    // No route for this kind of address: nothing is known of who has one.
    if (/ENETUNREACH|Network is unreachable|EADDRNOTAVAIL/.test(message)) return undefined;
    return `port ${url.port || 80} there does not answer (${message}); ` +
      `is the ingress running, and the firewall open?`;
  }
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** GETs `url` from `address`; whose certificate it is does not matter, as it does not to the CA. */
function get(url: URL, address: string, stop: AbortSignal): Promise<Answer> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      path: url.pathname + url.search,
      headers: { host: url.host, "user-agent": "simplenetes-letsencrypt" },
      signal,
      agent: false as const,
    };
    const receive = (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > MAX_BODY_BYTES) response.destroy(new Error("the answer is too long"));
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          body: body.trim(),
        }));
      response.on("error", reject);
    };
    const request = url.protocol === "https:"
      ? requestHttps({ ...options, servername: url.hostname, rejectUnauthorized: false }, receive)
      : requestHttp(options, receive);
    request.on(
      "error",
      (error: Error) =>
        reject(
          signal.aborted && !stop.aborted
            ? new Error(`no answer in ${TIMEOUT_MS / 1000} s`)
            : error,
        ),
    );
    request.end();
  });
}
