/**
 * What outlives this program and its versions, in a directory that only its user can enter:
 *
 * - `<ca>/account.json`: the account, key and all, `<ca>` being 16 hex digits for the ACME directory
 * - `<ca>/certs/<name>.pem`: chain, leaf first, and private key
 * - `<ca>/failures.json`: so that a program that restarts again and again still spares the CA
 * - `certs.tar.gz`: what is served
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Certificate, readCertificate } from "./certificate.ts";
import type { Wanted } from "./certs_list.ts";
import { readTextIfPresent, writePrivately } from "./files.ts";
import type { Account } from "./order.ts";
import type { Failure } from "./schedule.ts";

/** Stands in every bundle, as tar does not like to make empty ones. */
const PLACEHOLDER = ".astrochicken";

export class Store {
  readonly #certs: string;
  readonly #failures: string;
  readonly #account: string;
  /** Path of the bundle. */
  readonly bundle: string;

  private constructor(stateDir: string, directory: string) {
    const ca = createHash("sha256").update(directory).digest("hex").slice(0, 16);
    this.#certs = join(stateDir, ca, "certs");
    this.#failures = join(stateDir, ca, "failures.json");
    this.#account = join(stateDir, ca, "account.json");
    this.bundle = join(stateDir, "certs.tar.gz");
  }

  /**
   * Opens what is kept for one CA.
   *
   * @param directory URL of its ACME directory.
   */
  static async open(stateDir: string, directory: string): Promise<Store> {
    const store = new Store(stateDir, directory);
    await Deno.mkdir(store.#certs, { recursive: true, mode: 0o700 });
    await Deno.chmod(stateDir, 0o700);
    return store;
  }

  /**
   * The account, made by `make` the first time.
   *
   * @throws Error when its file is damaged: an account that is lost unseen is never missed.
   */
  async account(make: () => Promise<Account>): Promise<Account> {
    const text = await readTextIfPresent(this.#account);
    if (text === undefined) {
      const account = await make();
      await this.keepAccount(account);
      return account;
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`${this.#account} is damaged; remove it for a new account`, { cause: error });
    }
  }

  async keepAccount(account: Account): Promise<void> {
    await writePrivately(this.#account, JSON.stringify(account, null, 2));
  }

  /** The usable certificates among the wanted ones; `onDamaged` is told of others. */
  async certificates(
    wanted: readonly Wanted[],
    onDamaged: (wanted: Wanted, error: unknown) => void,
  ): Promise<Map<string, Certificate>> {
    const held = new Map<string, Certificate>();
    for (const each of wanted) {
      const pem = await readTextIfPresent(this.#path(each.name));
      if (pem === undefined) continue;
      try {
        held.set(each.name, readCertificate(pem, each.domains));
      } catch (error) {
        onDamaged(each, error); // it is ordered anew
      }
    }
    return held;
  }

  async keep(name: string, pem: string): Promise<void> {
    await writePrivately(this.#path(name), pem);
  }

  /**
   * Removes certificates that nobody wants any more once they have expired. Until then a line that
   * comes back costs no order: a CA allows few of the same certificate in a week.
   */
  async removeExpired(wanted: readonly Wanted[], nowMs: number): Promise<void> {
    const names = new Set(wanted.map(({ name }) => name));
    for await (const { name: file } of Deno.readDir(this.#certs)) {
      const name = /^([0-9a-f]{64})\.pem$/.exec(file)?.[1];
      if (name === undefined || names.has(name)) continue;
      const path = join(this.#certs, file);
      if (expired(await Deno.readTextFile(path), nowMs)) await Deno.remove(path);
    }
  }

  async failures(): Promise<Map<string, Failure>> {
    const text = await readTextIfPresent(this.#failures);
    try {
      return new Map(Object.entries(JSON.parse(text ?? "{}")));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return new Map(); // a damaged record must not stand in the way of certificates
    }
  }

  async keepFailures(failures: ReadonlyMap<string, Failure>): Promise<void> {
    await writePrivately(this.#failures, JSON.stringify(Object.fromEntries(failures), null, 2));
  }

  /**
   * Packs the certificates `names` into the bundle.
   *
   * @throws Error when the system's tar fails; the bundle is the old one then.
   */
  async makeBundle(names: readonly string[]): Promise<void> {
    await Deno.writeTextFile(join(this.#certs, PLACEHOLDER), "");
    const temp = `${this.bundle}.tmp`;
    const members = [PLACEHOLDER, ...[...names].sort().map((name) => `${name}.pem`)];
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-czf", temp, "-C", this.#certs, "--", ...members],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`tar: ${new TextDecoder().decode(stderr).trim()}`);
    await Deno.chmod(temp, 0o600);
    await Deno.rename(temp, this.bundle);
  }

  #path(name: string): string {
    return join(this.#certs, `${name}.pem`);
  }
}

function expired(pem: string, nowMs: number): boolean {
  try {
    return readCertificate(pem, []).notAfterMs < nowMs;
  } catch {
    return true; // nothing that could ever be served
  }
}
