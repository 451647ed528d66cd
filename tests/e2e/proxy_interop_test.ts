/**
 * With HAProxy in front of cluster ports, and HAProxy and nginx as pods behind them: the client's true
 * address arrives, and a server that speaks first is heard by a client that says nothing.
 */
import assert from "node:assert/strict";
import { freshAddress, receive, send, TestServer } from "../../proxy/test_kit.ts";
import { haproxy, nginxStream, whyMissing } from "../proxy/other_programs.ts";
import { ProxyHost } from "../proxy/proxy_host.ts";
import { eventually } from "../shell/pod_folder.ts";

const reason = await whyMissing("haproxy", "nginx");

/** The pods, each with its cluster port. HAProxy in front has the same port less 1000 for v1, less 2000 for v2. */
const PODS = { plain: 61001, recorder: 61002, nginx: 61003, http: 61004, tcp: 61005 };
type PodName = keyof typeof PODS;
const NAMES = Object.keys(PODS) as PodName[];
const FRONTS = [
  { name: "nothing", less: 0, option: "" },
  { name: "HAProxy send-proxy", less: 1000, option: "send-proxy" },
  { name: "HAProxy send-proxy-v2", less: 2000, option: "send-proxy-v2" },
];

/** Says the header that it got before anything else came; then it echoes a line. */
async function recorder(conn: Deno.TcpConn): Promise<void> {
  await send(conn, `banner ${await receive(conn, "\r\n")}`);
  await send(conn, await receive(conn, "\n"));
}

/** Says hello at once; then it echoes a line. */
async function plain(conn: Deno.TcpConn): Promise<void> {
  await send(conn, "hello\r\n");
  await send(conn, await receive(conn, "\n"));
}

/** Two hosts with their proxies, HAProxy in front of the first, the pods on the host `podsOn`. */
async function withPrograms(
  podsOn: "near" | "far",
  test: (address: { near: string; front: string }) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const address = { near: freshAddress(), far: freshAddress(), front: freshAddress() };
  const pods = address[podsOn];
  const servers = { plain: new TestServer(pods, plain), recorder: new TestServer(pods, recorder) };
  stack.defer(() => servers.plain.close());
  stack.defer(() => servers.recorder.close());
  const ports: Record<PodName, number> = {
    plain: servers.plain.port,
    recorder: servers.recorder.port,
    ...{ nginx: 30001, http: 30002, tcp: 30003 },
  };
  const directory = await Deno.makeTempDir({ prefix: "interop-" });
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const fronts = FRONTS.slice(1).flatMap(({ less, option }) =>
    NAMES.map((name) => {
      const [bind, source] = [`${address.front}:${PODS[name] - less}`, freshAddress()];
      return `listen ${name}-${option}\n  bind ${bind}\n` +
        `  server s ${address.near}:${PODS[name]} ${option} source ${source}\n`;
    })
  );
  stack.use(
    await haproxy(
      directory,
      `${fronts.join("")}listen http\n  mode http\n  bind ${pods}:${ports.http} accept-proxy\n` +
        '  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"\n' +
        `listen tcp\n  bind ${pods}:${ports.tcp} accept-proxy\n` +
        `  server s ${pods}:${ports.recorder} send-proxy\n`,
    ),
  );
  const says = 'return "$proxy_protocol_addr $proxy_protocol_port";';
  const listen = `listen ${pods}:${ports.nginx} proxy_protocol;`;
  stack.use(await nginxStream(directory, `server { ${listen} ${says} }\n`));
  for (const which of ["near", "far"] as const) {
    const host = stack.use(
      await ProxyHost.create({
        ip: address[which],
        others: [address.near, address.far],
        conf: "CLUSTERPORTS 61001-61005\n",
      }),
    );
    const mapping = (name: PodName) => ({
      clusterPort: PODS[name],
      hostPort: ports[name],
      sendProxy: name !== "plain",
    });
    if (which === podsOn) await host.map(...NAMES.map(mapping));
    await host.start();
  }
  for (const port of [ports.nginx, ports.http, ports.tcp]) await listens(pods, port);
  await listens(address.front, PODS.tcp - 2000);
  await test(address);
}

async function listens(hostname: string, port: number): Promise<void> {
  await eventually(
    `${hostname}:${port} listens`,
    () =>
      Deno.connect({ hostname, port }).then((conn) => {
        conn.close();
        return true;
      }, () => false),
  );
}

/** Fails when nothing comes within 10 s: this is about who waits for whom. */
async function soon<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within 60 s`)), 60_000);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

for (const podsOn of ["near", "far"] as const) {
  Deno.test({
    name: `HAProxy before, HAProxy and nginx behind, pods on the ${podsOn} host` +
      (reason ? ` (skipped: ${reason})` : ""),
    ignore: reason !== undefined,
    fn: (t) =>
      withPrograms(podsOn, async ({ near, front }) => {
        for (const { name, less } of FRONTS) {
          const hostname = less === 0 ? near : front;
          const ask = async (pod: PodName, first: string, then: string) => {
            using conn = await Deno.connect({ hostname, port: PODS[pod] - less });
            const { hostname: client, port } = conn.localAddr;
            if (first !== "") await send(conn, first);
            const banner = await soon(
              `${pod} behind ${name}`,
              receive(conn, then ? "\r\n" : undefined),
            );
            if (then === "") return { text: banner, client, port };
            await send(conn, then);
            assert.equal(await soon(`the echo of ${pod}`, receive(conn)), then);
            return { text: banner, client, port };
          };
          await t.step(`in front: ${name}`, async () => {
            assert.equal((await ask("plain", "", "echo\n")).text, "hello\r\n");
            const recorded = await ask("recorder", "", "echo\n");
            // Without one in front, the header names the pod's host: the client is told nothing else.
            const target = less > 0 ? `${front} ` : "[0-9.]+ ";
            assert.match(
              recorded.text,
              new RegExp(
                `^banner PROXY TCP4 ${recorded.client} ${target}${recorded.port} ${
                  PODS.recorder - less
                }\r\n$`,
              ),
            );
            const nginx = await ask("nginx", "", "");
            assert.equal(nginx.text, `${nginx.client} ${nginx.port}`);
            const http = await ask("http", "GET / HTTP/1.0\r\n\r\n", "");
            assert.ok(http.text.endsWith(`\r\n\r\n${http.client} ${http.port}`), http.text);
            const tcp = await ask("tcp", "", "echo\n");
            assert.match(
              tcp.text,
              new RegExp(`^banner PROXY TCP4 ${tcp.client} \\S+ ${tcp.port} \\d+\r\n$`),
            );
          });
        }
      }),
  });
}
