/** A CA for tests: pebble, with a DNS server that says what the test wants. */
import { join } from "node:path";

/** Whether pebble is installed; setup.sh does that. */
export function pebbleMissing(): boolean {
  try {
    new Deno.Command("pebble", { args: ["-h"], stdout: "null", stderr: "null" }).outputSync();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

export interface PebbleOptions {
  /** Loopback address for everything: each test has its own. */
  readonly address: string;
  /** Where challenges are validated. */
  readonly httpPort: number;
  /** Where all names lead at first; to `address` when not given. */
  readonly namesAt?: string;
  /** Port of the DNS server. */
  readonly dnsPort?: number;
  /** Lifetime of certificates. */
  readonly validitySeconds?: number;
  /** Percentage of good nonces that are refused. */
  readonly badNonces?: number;
}

export class Pebble implements AsyncDisposable {
  readonly directory: string;
  /** The file to trust for `directory`. */
  readonly caFile: string;
  /** `IP:PORT` of the DNS server. */
  readonly resolver: string;
  readonly #address: string;
  readonly #children: Deno.ChildProcess[];
  readonly #dir: string;

  private constructor(readonly options: PebbleOptions, dir: string) {
    const { address } = options;
    this.directory = `https://${address}:14000/dir`;
    this.caFile = join(dir, "ca.pem");
    this.resolver = `${address}:${options.dnsPort ?? 8053}`;
    this.#address = address;
    this.#dir = dir;
    this.#children = [];
  }

  /** Starts both. */
  static async start(options: PebbleOptions): Promise<Pebble> {
    const { address } = options;
    const dir = await Deno.makeTempDir({ prefix: "pebble-" });
    await makeCertificates(dir, address);
    await writeConfig(dir, options);
    const pebble = new Pebble(options, dir);
    try {
      pebble.#spawn("pebble-challtestsrv", [
        ...["-dns01", pebble.resolver, "-management", `${address}:8055`],
        ...["-http01", "", "-https01", "", "-tlsalpn01", ""],
        ...["-defaultIPv4", options.namesAt ?? address, "-defaultIPv6", ""],
      ]);
      await answers(address, 8055);
      await pebble.#startCa();
    } catch (error) {
      await pebble[Symbol.asyncDispose]();
      throw error;
    }
    return pebble;
  }

  /** Forgets all accounts, orders and certificates, and makes a new root. */
  async restart(): Promise<void> {
    await stop(this.#children.pop()!);
    await this.#startCa();
  }

  async #startCa(): Promise<void> {
    const args = ["-config", join(this.#dir, "pebble.json"), "-dnsserver", this.resolver];
    this.#spawn("pebble", args, {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_AUTHZREUSE: "0",
      PEBBLE_WFE_NONCEREJECT: String(this.options.badNonces ?? 0),
    });
    for (const port of [14000, 15000]) await answers(this.#address, port);
  }

  #spawn(command: string, args: string[], env: Record<string, string> = {}): void {
    const io = { stdin: "null", stdout: "null", stderr: "null" } as const;
    this.#children.push(new Deno.Command(command, { args, env, ...io }).spawn());
  }

  /** Lets a name lead elsewhere; to nowhere with no address. */
  async setAddresses(name: string, ipv4: readonly string[], ipv6: readonly string[] = []) {
    // An empty list would mean the default address: a name without addresses fails to resolve.
    if (ipv4.length === 0) await this.#post("set-servfail", { host: name });
    else {
      await this.#post("clear-servfail", { host: name });
      await this.#post("clear-a", { host: `${name}.` });
      await this.#post("add-a", { host: `${name}.`, addresses: ipv4 });
    }
    await this.#post("clear-aaaa", { host: `${name}.` });
    if (ipv6.length > 0) await this.#post("add-aaaa", { host: `${name}.`, addresses: ipv6 });
  }

  /** A file of its directory: pebble.pem and pebble.key are a certificate that nobody trusts. */
  async file(name: string): Promise<string> {
    return await Deno.readTextFile(join(this.#dir, name));
  }

  /** The root certificate that clients of this CA's certificates trust, PEM. */
  async root(): Promise<string> {
    const ca = await Deno.readTextFile(this.caFile);
    using client = Deno.createHttpClient({ caCerts: [ca] });
    return await (await fetch(`https://${this.#address}:15000/roots/0`, { client })).text();
  }

  async #post(path: string, body: unknown): Promise<void> {
    const url = `http://${this.#address}:8055/${path}`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await stop(child);
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended
  }
  await child.status;
}

async function makeCertificates(dir: string, address: string): Promise<void> {
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", { args, cwd: dir }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  await Deno.writeTextFile(join(dir, "ext"), `subjectAltName=IP:${address}\n`);
  await openssl(
    "req",
    "-x509",
    ...ec,
    "-days",
    "2",
    "-subj",
    "/CN=test ca",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  await openssl("req", ...ec, "-subj", "/CN=pebble", "-keyout", "pebble.key", "-out", "pebble.csr");
  await openssl(
    "x509",
    "-req",
    "-in",
    "pebble.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "ext",
    "-out",
    "pebble.pem",
  );
}

async function writeConfig(dir: string, options: PebbleOptions): Promise<void> {
  const { address, httpPort, validitySeconds = 3600 } = options;
  const pebble = {
    listenAddress: `${address}:14000`,
    managementListenAddress: `${address}:15000`,
    certificate: join(dir, "pebble.pem"),
    privateKey: join(dir, "pebble.key"),
    httpPort,
    tlsPort: 5001,
    certificateValidityPeriod: validitySeconds,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  };
  await Deno.writeTextFile(join(dir, "pebble.json"), JSON.stringify({ pebble }));
}

async function answers(hostname: string, port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname, port })).close();
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
