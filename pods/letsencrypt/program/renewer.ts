/** Keeps the certificates of a list fresh, until it is told to end. */
import { setTimeout as pause } from "node:timers/promises";
import { type Certificate, readCertificate } from "./certificate.ts";
import { parseCertsList, type Wanted } from "./certs_list.ts";
import { messageOf } from "./error_message.ts";
import { OrderError } from "./order.ts";
import { failed, type Failure, type FailureKind, nextStep, renewMs } from "./schedule.ts";
import type { Store } from "./store.ts";

/** Timers of more than 24 days don't work, and clocks are set. */
const LONGEST_WAIT_MS = 3_600_000;

export interface Parts {
  readonly certsFile: string;
  readonly store: Store;
  /** Why a domain does not lead here, or `undefined`. */
  readonly precheck: (domain: string, signal: AbortSignal) => Promise<string | undefined>;
  /** @throws {OrderError} */
  readonly order: (domains: readonly string[], signal: AbortSignal) => Promise<string>;
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
}

export class Renewer {
  readonly #parts: Parts;
  #wanted: readonly Wanted[] = [];
  #held = new Map<string, Certificate>();
  #failures = new Map<string, Failure>();
  #changed = new AbortController();
  /** What is in the bundle. */
  #bundled: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The list has changed: it is read anew before the next step. */
  reload(): void {
    this.#changed.abort();
  }

  /** Runs until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, now } = this.#parts;
    this.#failures = await store.failures();
    this.#changed.abort(); // the first time there is all to read
    while (!signal.aborted) {
      if (this.#changed.signal.aborted) await this.#read();
      const step = nextStep(this.#wanted, this.#held, this.#failures, now());
      if (step.kind === "order") await this.#order(step.wanted, signal);
      else await this.#sleep(step.untilMs ?? Infinity, signal);
    }
  }

  async #read(): Promise<void> {
    const { certsFile, store, log, now } = this.#parts;
    this.#changed = new AbortController();
    let text: string;
    try {
      text = await Deno.readTextFile(certsFile);
    } catch (error) {
      log("error", `Cannot read the list, the last one holds: ${messageOf(error)}`);
      return;
    }
    const { wanted, mistakes } = parseCertsList(text);
    for (const mistake of mistakes) {
      log("error", `${certsFile}:${mistake.line}: ${mistake.text}`);
    }
    this.#wanted = wanted;
    this.#held = await store.certificates(wanted, (each, error) => {
      log("warn", `The certificate for ${namesOf(each)} is ordered anew: ${messageOf(error)}`);
    });
    for (const each of wanted) {
      const certificate = this.#held.get(each.name);
      if (certificate) log("info", `There is one for ${namesOf(each)}, ${lifeOf(certificate)}`);
    }
    await store.removeExpired(wanted, now());
    await this.#bundle();
  }

  async #order(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { store, log, precheck, order } = this.#parts;
    log("info", `Getting a certificate for ${namesOf(wanted)}`);
    try {
      for (const domain of wanted.domains) {
        const problem = await precheck(domain, signal);
        if (problem !== undefined) return await this.#failed(wanted, "setup", problem, 0);
      }
      const pem = await order(wanted.domains, signal);
      // Looked at before it replaces one that is good.
      const certificate = usable(pem, wanted);
      await store.keep(wanted.name, pem);
      this.#held.set(wanted.name, certificate);
      log("info", `Got a certificate for ${namesOf(wanted)}, ${lifeOf(certificate)}`);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof OrderError)) throw error;
      return await this.#failed(wanted, "ca", error.message, error.askedMs);
    }
    if (this.#failures.delete(wanted.name)) await store.keepFailures(this.#failures);
    await this.#bundle();
  }

  async #failed(
    wanted: Wanted,
    kind: FailureKind,
    reason: string,
    askedMs: number,
  ): Promise<void> {
    const { store, log, now, random } = this.#parts;
    const before = this.#failures.get(wanted.name);
    const failure = failed(before, kind, reason, now(), askedMs, random());
    this.#failures.set(wanted.name, failure);
    await store.keepFailures(this.#failures);
    const left = this.#held.get(wanted.name);
    log(
      "error",
      `No certificate for ${namesOf(wanted)}: ${reason}. ` +
        `Next try at ${timeOf(failure.retryMs)}` +
        (left ? `; the one at hand lasts until ${timeOf(left.notAfterMs)}` : ""),
    );
  }

  /** Serves what is held, when that is not what is served already. */
  async #bundle(): Promise<void> {
    const names = [...this.#held.keys()].sort();
    const content = names.map((name) => `${name} ${this.#held.get(name)!.notBeforeMs}`).join("\n");
    if (content === this.#bundled) return;
    await this.#parts.store.makeBundle(names);
    this.#bundled = content;
    this.#parts.log("info", `Serving ${names.length} of ${this.#wanted.length} certificates`);
  }

  async #sleep(untilMs: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(Math.max(untilMs - this.#parts.now(), 0), LONGEST_WAIT_MS);
    const wake = AbortSignal.any([signal, this.#changed.signal]);
    await pause(ms, undefined, { signal: wake }).catch((error) => {
      if (!wake.aborted) throw error;
    });
  }
}

/** @throws {OrderError} when it is not good for all names, or not for its key. */
function usable(pem: string, { domains }: Wanted): Certificate {
  try {
    return readCertificate(pem, domains);
  } catch (error) {
    throw new OrderError(`the CA's certificate cannot be used: ${messageOf(error)}`, 0);
  }
}

function namesOf({ domains }: Wanted): string {
  return domains.join(" ");
}

function lifeOf(certificate: Certificate): string {
  return `good until ${timeOf(certificate.notAfterMs)}, renewed from ${
    timeOf(renewMs(certificate))
  }`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
