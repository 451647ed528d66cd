/** Orders certificates by ACME (RFC 8555), with http-01. */
import acme from "acme-client";
import { Agent } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import type { ChallengeServer } from "./challenge_server.ts";
import { messageOf } from "./error_message.ts";

/** An order, from the first request to the certificate. */
const ORDER_TIMEOUT_MS = 300_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** So often in a row the CA may refuse a nonce. */
const BAD_NONCES = 20;

/** The CA refused, or could not be reached. */
export class OrderError extends Error {
  override readonly name = "OrderError";

  /** @param askedMs How long the CA wants to be left alone; 0 when it did not say. */
  constructor(message: string, readonly askedMs: number) {
    super(message);
  }
}

/** An account at a CA. */
export interface Account {
  /** Private key, PEM. */
  readonly key: string;
  /** Its address at the CA, once it is registered there. */
  readonly url?: string | undefined;
  /** Where the CA was told to write to. */
  readonly email?: string | undefined;
}

/** A new one, known to its maker alone. */
export async function makeAccount(): Promise<Account> {
  return { key: (await acme.crypto.createPrivateEcdsaKey("P-256")).toString() };
}

/** A CA, and the account there. */
export class Orderer {
  readonly #directory: string;
  #client: acme.Client;
  readonly #email: string | undefined;
  readonly #challenges: ChallengeServer;
  readonly #keepAccount: (account: Account) => Promise<void>;
  #account: Account;

  /**
   * @param directory URL of the CA's ACME directory.
   * @param ca PEM of the certificates to trust for it; `undefined`: the public ones.
   * @param keepAccount Told of the account whenever it has changed.
   */
  constructor(
    directory: string,
    ca: string | undefined,
    account: Account,
    keepAccount: (account: Account) => Promise<void>,
    email: string | undefined,
    challenges: ChallengeServer,
  ) {
    acme.axios.defaults.timeout = REQUEST_TIMEOUT_MS;
    if (ca !== undefined) acme.axios.defaults.httpsAgent = new Agent({ ca });
    // The schedule knows when to try again, and keeps it; the library would forget.
    Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 0 } });
    this.#directory = directory;
    this.#client = this.#makeClient(account);
    this.#account = account;
    this.#keepAccount = keepAccount;
    this.#email = email;
    this.#challenges = challenges;
  }

  /**
   * Gets a certificate for `domains`, with a new private key.
   *
   * @returns The chain, leaf first, and the private key, PEM.
   * @throws {OrderError} when it did not succeed within 5 minutes.
   */
  async order(domains: readonly string[], signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ORDER_TIMEOUT_MS)]);
    Object.assign(said, { restMs: 0, problem: "" });
    try {
      return await Promise.race([this.#orderWithAccount(domains), ended(limit)]);
    } catch (error) {
      signal.throwIfAborted();
      const message = limit.aborted ? "it took more than 5 minutes" : messageOf(error);
      throw new OrderError(message || "it did not say why", said.restMs);
    }
  }

  async #orderWithAccount(domains: readonly string[]): Promise<string> {
    try {
      await this.#register();
      return await this.#order(domains);
    } catch (error) {
      if (said.problem !== "urn:ietf:params:acme:error:accountDoesNotExist") throw error;
      // Test CAs forget; the same key is as good as any for a new account.
      await this.#changeAccount({ key: this.#account.key });
      await this.#register();
      return await this.#order(domains);
    }
  }

  /** Sees to it that the account is there, with the email of today. */
  async #register(): Promise<void> {
    const { url, email } = this.#account;
    if (url !== undefined && email === this.#email) return;
    const contact = this.#email === undefined ? [] : [`mailto:${this.#email}`];
    if (url !== undefined) await this.#client.updateAccount({ contact });
    else await this.#client.createAccount({ termsOfServiceAgreed: true, contact });
    const account = { ...this.#account, url: this.#client.getAccountUrl(), email: this.#email };
    await this.#changeAccount(account);
  }

  async #changeAccount(account: Account): Promise<void> {
    this.#account = account;
    this.#client = this.#makeClient(account);
    await this.#keepAccount(account);
  }

  #makeClient({ key, url }: Account): acme.Client {
    const client = new acme.Client({
      directoryUrl: this.#directory,
      accountKey: key,
      ...(url !== undefined && { accountUrl: url }),
      backoffMin: 1000,
      backoffMax: 10_000,
      backoffAttempts: 30,
    });
    // A nonce that is refused says nothing about the order; the library gives up at the sixth.
    const { http } = client as unknown as { readonly http: { maxBadNonceRetries: number } };
    http.maxBadNonceRetries = BAD_NONCES;
    return client;
  }

  async #order(domains: readonly string[]): Promise<string> {
    const key = await acme.crypto.createPrivateEcdsaKey("P-256");
    const [, csr] = await acme.crypto.createCsr({ altNames: [...domains] }, key);
    const answers = new Map<string, Disposable>();
    const chain = await this.#client.auto({
      csr,
      termsOfServiceAgreed: true,
      skipChallengeVerification: true,
      challengePriority: ["http-01"],
      challengeCreateFn: (_, { type, token }, text) => {
        if (type !== "http-01") throw new Error(`the CA offers ${type} only, this pod can http-01`);
        answers.set(token, this.#challenges.put(token, text));
        return Promise.resolve();
      },
      challengeRemoveFn: (_, { token }) => {
        answers.get(token)?.[Symbol.dispose]();
        return Promise.resolve();
      },
    });
    return `${chain.trim()}\n${key.toString().trim()}\n`;
  }
}

/** What the CA said since the order began, beside its messages: the library drops it. */
const said = { restMs: 0, problem: "" };

interface Refusal {
  readonly status?: number;
  readonly headers?: { readonly "retry-after"?: string };
  readonly data?: { readonly type?: unknown };
}

function note(response: Refusal | undefined): void {
  const { status = 0, headers, data } = response ?? {};
  if (status < 400) return;
  if (typeof data?.type === "string") said.problem = data.type;
  if (status !== 429 && status !== 503) return;
  const after = headers?.["retry-after"] ?? "";
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  // Without a time, an hour is what most limits are counted by.
  said.restMs = Math.max(said.restMs, ms > 0 ? ms : status === 429 ? 3_600_000 : 0);
}

acme.axios.interceptors.response.use(
  (response) => (note(response as Refusal), response),
  (error) => {
    note(error?.response);
    throw error;
  },
);

/** Rejects when `signal` is aborted. */
async function ended(signal: AbortSignal): Promise<never> {
  await pause(2 ** 31 - 1, undefined, { signal, ref: false });
  throw new Error("unreachable: the signal comes first");
}
