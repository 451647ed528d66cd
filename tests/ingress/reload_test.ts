/** What changes while the ingress runs: its configuration, under load, and its certificates. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { receive, send, TestServer } from "../../proxy/test_kit.ts";
import { eventually, run } from "../shell/pod_folder.ts";
import { IngressLab, makeCertificate, missing, PORT, rule, webPod } from "./lab.ts";

function testReload(name: string, test: (stack: AsyncDisposableStack) => Promise<void>): void {
  Deno.test({
    name: `ingress: ${name}${missing ? ` (skipped: ${missing})` : ""}`,
    ignore: missing !== undefined,
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      await test(stack);
    },
  });
}

const RULES = (to: number) =>
  rule("http", { host: "example.com" }, to) + rule("https", { host: "example.com" }, to);

/** A connection for requests one after another; it ends as the server says, else it has failed. */
class KeptAlive {
  #conn: Deno.TcpConn | undefined;

  constructor(readonly hostname: string) {}

  /** Name of the pod that answered. */
  async ask(close: boolean): Promise<string> {
    this.#conn ??= await Deno.connect({ hostname: this.hostname, port: PORT.http });
    const last = close ? "connection: close\r\n" : "";
    await send(this.#conn, `GET / HTTP/1.1\r\nhost: example.com\r\n${last}\r\n`);
    let text = "";
    while (!text.endsWith("}")) {
      const buffer = new Uint8Array(4096);
      const read = await this.#conn.read(buffer);
      if (read === null) throw new Error(`the connection ended behind ${JSON.stringify(text)}`);
      text += new TextDecoder().decode(buffer.subarray(0, read));
    }
    assert.match(text, /^HTTP\/1\.1 200 /);
    if (/\r\nconnection: close\r\n/i.test(text)) this.end();
    return JSON.parse(text.slice(text.indexOf("\r\n\r\n"))).pod;
  }

  end(): void {
    this.#conn?.close();
    this.#conn = undefined;
  }
}

testReload(
  "reload under load: nothing fails, and each connection sees old, then new",
  async (stack) => {
    const files = async (dir: string) => {
      const { pem } = await makeCertificate(dir, "example.com");
      await Deno.writeTextFile(join(dir, "usercerts/example.pem"), pem, { mode: 0o600 });
    };
    const lab = stack.use(await IngressLab.start({ rules: RULES(61000), files }));
    const pods = ["old", "new"].map((name) => webPod(lab.ip, name));
    for (const { close } of pods) stack.defer(close);
    await lab.proxy.map(
      ...pods.map(({ port }, index) => ({ clusterPort: 61000 + index, hostPort: port })),
    );
    const url = `http://example.com:${PORT.http}/`;
    await eventually("the pod answers", async () => (await lab.get(url)).status === 200);

    const failures: string[] = [];
    let [requests, over] = [0, false];
    const client = async (keep: boolean) => {
      const connection = new KeptAlive(lab.ip);
      while (!over) {
        try {
          await connection.ask(!keep);
          requests++;
        } catch (error) {
          failures.push(`${keep ? "kept" : "new"}: ${error}`);
          connection.end();
        }
      }
      connection.end();
    };
    const http2 = async () => {
      while (!over) {
        const many = `https://example.com:${PORT.https}/[1-50]`;
        const { out, err, code } = await lab.curl(
          "-k",
          "--http2",
          "--fail",
          "-w",
          "%{http_code}\n",
          many,
        );
        const good = out.match(/200$/gm)?.length ?? 0;
        requests += good;
        if (code !== 0 || good !== 50) failures.push(`http/2: ${good} of 50, ${code} ${err}`);
      }
    };
    const clients = [client(true), client(true), client(false), client(false), http2()];
    try {
      for (let turn = 1; turn <= 10; turn++) {
        const before = requests;
        const id = await lab.configure(RULES(61000 + turn % 2));
        lab.reload();
        await eventually(`${id} is served`, async () => await lab.served() === id);
        // From now on every new connection gets the new configuration.
        const { body } = await lab.get(url);
        assert.equal(JSON.parse(body).pod, turn % 2 === 1 ? "new" : "old");
        await eventually("requests go on", () => requests > before + 200);
      }
    } finally {
      over = true;
      await Promise.all(clients);
    }
    assert.deepEqual(failures, []);
    assert.ok(requests > 2000, `${requests} requests`);
  },
);

testReload(
  "what HAProxy refuses leaves it with the old configuration, and not ready",
  async (stack) => {
    const lab = stack.use(await IngressLab.start({ rules: RULES(61000) }));
    const before = await lab.served();
    assert.equal((await lab.script("ready.sh")).code, 0);
    await lab.configure(RULES(61001), (cfg) => cfg.replace("default_backend", "no_backend"));
    lab.reload();
    await eventually("it is not ready", async () => (await lab.script("ready.sh")).code !== 0);
    assert.equal(await lab.served(), before);
    await lab.switchTo(RULES(61001));
    assert.equal((await lab.script("ready.sh")).code, 0);
  },
);

testReload("an ingress waits for its first configuration", async (stack) => {
  const lab = stack.use(await IngressLab.start({ rules: "", unconfigured: true }));
  await lab.haproxy.until("waiting for conf/haproxy.cfg");
  assert.notEqual((await lab.script("served.sh")).code, 0);
  lab.reload(); // Comes to nothing, and ends nothing.
  const id = await lab.configure(RULES(61000));
  await eventually("it is served", async () => await lab.served() === id);
});

/** Serves what `archive` gives as the Let's Encrypt pod does; 404 for nothing. */
function bundleServer(hostname: string, archive: () => Uint8Array | undefined): TestServer {
  return new TestServer(hostname, async (conn) => {
    await receive(conn, "\r\n\r\n");
    const body = archive();
    const head = body === undefined
      ? "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
      : `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
    await send(conn, head);
    if (body !== undefined) await send(conn, body);
  });
}

for (const busybox of [false, true]) {
  const how = busybox ? "busybox's programs and curl" : "this machine's programs";
  testReload(`certificates come and go with the cluster's archive, by ${how}`, async (stack) => {
    const lab = stack.use(await IngressLab.start({ rules: RULES(61000), busybox }));
    const { port, close } = webPod(lab.ip, "web");
    stack.defer(close);
    let archive: Uint8Array | undefined;
    const server = bundleServer(lab.ip, () => archive);
    stack.defer(() => server.close());
    await lab.proxy.map(
      { clusterPort: 61000, hostPort: port },
      { clusterPort: 64000, hostPort: server.port },
    );
    const dir = await Deno.makeTempDir({ prefix: "ingress-bundle-" });
    stack.defer(() => Deno.remove(dir, { recursive: true }));
    const { pem, ca } = await makeCertificate(dir, "example.com");
    const pack = async (files: Readonly<Record<string, string>>) => {
      const bundle = await Deno.makeTempDir({ dir });
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(join(bundle, name), text);
      }
      const names = Object.keys(files);
      const packed = await run("tar", ["-czf", `${bundle}.tar.gz`, "-C", bundle, ...names]);
      assert.equal(packed.code, 0, packed.err);
      archive = await Deno.readFile(`${bundle}.tar.gz`);
    };
    const trusted = async () =>
      (await lab.curl("--cacert", ca, `https://example.com:${PORT.https}/`)).code === 0;
    await eventually("the fetcher asks", () => server.accepted > 0);
    assert.equal(await trusted(), false);

    await pack({ ".astrochicken": "", "bad.pem": "no certificate\n", "example.pem": pem });
    await eventually("the new certificate is served", trusted);
    const file = join(lab.dir, "autocerts/example.pem");
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert.ok(!(await names(join(lab.dir, "autocerts"))).includes("bad.pem"));

    // What is no archive, or no answer, changes nothing.
    const accepted = server.accepted;
    archive = new TextEncoder().encode("garbage");
    await eventually("the fetcher asks again", () => server.accepted > accepted + 1);
    archive = undefined;
    await eventually("and again", () => server.accepted > accepted + 3);
    assert.equal(await trusted(), true);

    await pack({ ".astrochicken": "" });
    await eventually("the old certificate is dropped", async () => !await trusted());
    assert.deepEqual(await names(join(lab.dir, "autocerts")), []);
  });
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}
