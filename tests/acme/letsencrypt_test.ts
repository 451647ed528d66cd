/** The Let's Encrypt pod's program against a real ACME server. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { freshAddress } from "../loopback/mod.ts";
import { Pebble, pebbleMissing, type PebbleOptions } from "./pebble.ts";

const TIMEOUT_MS = 60_000;
const CHALLENGE_PORT = 5002;
const TLS_PORT = 5001;
const BUNDLE_PORT = 5003;
const MAIN = new URL("../../pods/letsencrypt/program/main.ts", import.meta.url).pathname;

/** The program as a process, in a directory of its own. */
class Program implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "letsencrypt-" });
  log = "";
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(readonly pebble: Pebble, readonly address: string, list: string) {
    this.list(list);
  }

  list(text: string): void {
    Deno.writeTextFileSync(join(this.dir, "certs.txt"), text);
  }

  start(...options: string[]): void {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", MAIN, `--state=${join(this.dir, "data")}`],
        ...[`--directory=${this.pebble.directory}`, `--ca-file=${this.pebble.caFile}`],
        ...[`--interface=${this.address}`, `--challenge-port=${CHALLENGE_PORT}`],
        ...[`--bundle-port=${BUNDLE_PORT}`, `--http-port=${CHALLENGE_PORT}`],
        ...[`--resolver=${this.pebble.resolver}`, ...options, join(this.dir, "certs.txt")],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([this.#child.stdout, this.#child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.log += text;
    }));
  }

  signal(signal: Deno.Signal): void {
    this.#child!.kill(signal);
  }

  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.signal(signal);
    const { code } = await this.#child!.status;
    await this.#reading;
    this.#child = undefined;
    return code;
  }

  async until<T>(what: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const limit = Date.now() + TIMEOUT_MS;
    for (;;) {
      const found = await what();
      if (found !== undefined) return found;
      if (Date.now() > limit) throw new Error(`Waited in vain. The log:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits for a line of the log, from `from` on. */
  async logs(pattern: RegExp, from = 0): Promise<void> {
    await this.until(() => pattern.test(this.log.slice(from)) || undefined);
  }

  /** Leaf certificates in the bundle as it is served. */
  async served(): Promise<X509Certificate[]> {
    const response = await fetch(`http://${this.address}:${BUNDLE_PORT}/certs.tar.gz`);
    if (response.status === 503) {
      await response.body?.cancel();
      return []; // not made yet
    }
    strictEqual(response.status, 200);
    const dir = await Deno.makeTempDir({ prefix: "bundle-", dir: this.dir });
    const tar = new Deno.Command("tar", { args: ["-xzf", "-", "-C", dir], stdin: "piped" }).spawn();
    await response.body!.pipeTo(tar.stdin);
    ok((await tar.status).success);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    ok(names.includes(".astrochicken"));
    return names.filter((name) => /^[0-9a-f]{64}\.pem$/.test(name)).map((name) =>
      new X509Certificate(Deno.readTextFileSync(join(dir, name)))
    );
  }

  /** Waits until exactly these certificates are served, and gives them by their names. */
  async serves(...subjects: string[]): Promise<Map<string, X509Certificate>> {
    return await this.until(async () => {
      const found = await this.served().catch((error) => {
        if (error instanceof TypeError) return []; // it does not listen yet
        throw error;
      });
      const byName = new Map(found.map((each) => [each.subjectAltName ?? "", each]));
      const wanted = subjects.map((each) =>
        each.split(" ").map((name) => `DNS:${name}`).join(", ")
      );
      return byName.size === wanted.length && wanted.every((each) => byName.has(each))
        ? byName
        : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child) await this.end("SIGKILL");
    await Deno.remove(this.dir, { recursive: true });
  }
}

function acmeTest(
  name: string,
  options: Partial<PebbleOptions>,
  run: (pebble: Pebble, address: string) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: pebbleMissing(),
    fn: async () => {
      const address = freshAddress();
      await using pebble = await Pebble.start({ address, httpPort: CHALLENGE_PORT, ...options });
      await run(pebble, address);
    },
  });
}

acmeTest("orders what is listed, also when half of the nonces are bad; serves it; keeps it", {
  badNonces: 50,
}, async (pebble, address) => {
  await using program = new Program(
    pebble,
    address,
    "# mine\na.test www.a.test\n\nb.test\n*.c.test\n",
  );
  program.start("--email=me@example.com");
  const first = await program.serves("a.test, www.a.test".replace(",", ""), "b.test");
  match(program.log, /certs\.txt:5: "\*\.c\.test": a wildcard/);
  // Again with what is there: nothing is ordered.
  strictEqual(await program.end(), 0);
  const from = program.log.length;
  program.start();
  const again = await program.serves("a.test www.a.test", "b.test");
  deepStrictEqual(
    [...again.values()].map((each) => each.serialNumber).sort(),
    [...first.values()].map((each) => each.serialNumber).sort(),
  );
  ok(!program.log.slice(from).includes("Getting"), program.log);
  // A changed list.
  program.list("b.test\nd.test\n");
  program.signal("SIGHUP");
  await program.serves("b.test", "d.test");
  // What is kept is its user's alone.
  const modes = new Set<string>();
  for (const dir of [program.dir + "/data"]) {
    modes.add((Deno.statSync(dir).mode! & 0o777).toString(8));
  }
  deepStrictEqual([...modes], ["700"]);
});

acmeTest("a CA that has forgotten the account gets it again, with the email of today", {}, async (
  pebble,
  address,
) => {
  await using program = new Program(pebble, address, "a.test\n");
  program.start();
  await program.serves("a.test");
  await pebble.restart();
  program.list("a.test\nb.test\n");
  program.signal("SIGHUP");
  await program.serves("a.test", "b.test");
  await program.end();
  program.list("a.test\nc.test\n");
  program.start("--email=me@example.com");
  await program.serves("a.test", "c.test");
  ok(!/No certificate/.test(program.log), program.log);
});

acmeTest("renews when a third of the lifetime is left", { validitySeconds: 15 }, async (
  pebble,
  address,
) => {
  await using program = new Program(pebble, address, "a.test\n");
  program.start();
  const serial = (all: Map<string, X509Certificate>) => all.get("DNS:a.test")!.serialNumber;
  const first = serial(await program.serves("a.test"));
  await program.until(async () => serial(await program.serves("a.test")) !== first || undefined);
  ok(!/ERROR/.test(program.log), program.log);
});

acmeTest("a domain that leads elsewhere: the CA is not asked, the others get theirs", {}, async (
  pebble,
  address,
) => {
  await pebble.setAddresses("away.test", [freshAddress()]);
  await pebble.setAddresses("half.test", [address], ["::1"]);
  await pebble.setAddresses("none.test", []);
  await using program = new Program(
    pebble,
    address,
    "away.test\nhalf.test\nnone.test\ngood.test\n",
  );
  program.start();
  await program.serves("good.test");
  await program.logs(/No certificate for away\.test: away\.test is 127\.\S+ in DNS, but port 5002/);
  await program.logs(/No certificate for half\.test: half\.test is ::1 in DNS, but port 5002/);
  await program.logs(
    /No certificate for none\.test: DNS cannot be asked|none\.test has no address/,
  );
  await pebble.setAddresses("away.test", [address]);
  await program.serves("good.test", "away.test");
});

acmeTest("by way of a redirect to https with a certificate that nobody trusts", {}, async (
  pebble,
  address,
) => {
  const front = freshAddress();
  await pebble.setAddresses("a.test", [front]);
  const [cert, key] = await Promise.all(["pem", "key"].map((end) => pebble.file(`pebble.${end}`)));
  const quiet = { hostname: front, onListen: () => {} };
  await using plain = Deno.serve({ ...quiet, port: CHALLENGE_PORT }, ({ url }) => {
    const { pathname } = new URL(url);
    return Response.redirect(`https://a.test:${TLS_PORT}${pathname}`, 301);
  });
  await using secure = Deno.serve({ ...quiet, port: TLS_PORT, cert, key } as never, ({ url }) => {
    return fetch(`http://${address}:${CHALLENGE_PORT}${new URL(url).pathname}`);
  });
  ok(plain.addr && secure.addr);
  await using program = new Program(pebble, address, "a.test\n");
  program.start();
  await program.serves("a.test");
  ok(!/ERROR/.test(program.log), program.log);
});

acmeTest("a refusal by the CA is told, and kept for long", {}, async (pebble, address) => {
  await pebble.setAddresses("away.test", [freshAddress()]);
  await using program = new Program(pebble, address, "away.test\n");
  program.start("--no-precheck");
  await program.logs(/No certificate for away\.test: .*(refused|connect).*Next try at/i);
  const file = [...Deno.readDirSync(join(program.dir, "data"))].find(({ isDirectory }) =>
    isDirectory
  );
  const text = Deno.readTextFileSync(join(program.dir, "data", file!.name, "failures.json"));
  const [failure] = Object.values<Record<string, number | string>>(JSON.parse(text));
  strictEqual(failure!.kind, "ca");
  ok(Number(failure!.retryMs) - Number(failure!.atMs) >= 900_000);
  // Mended, and restarted: the record of the failure holds, a restart is no way around it.
  await pebble.setAddresses("away.test", [address]);
  await program.end();
  program.list("away.test\ngood.test\n");
  const from = program.log.length;
  program.start("--no-precheck");
  await program.serves("good.test");
  ok(!program.log.slice(from).includes("Getting a certificate for away"), program.log);
});

acmeTest("killed in the middle of an order, the next start gets the certificate", {}, async (
  pebble,
  address,
) => {
  await using program = new Program(pebble, address, "a.test\n");
  program.start();
  await program.logs(/Getting a certificate/);
  await program.end("SIGKILL");
  program.start();
  await program.serves("a.test");
});
