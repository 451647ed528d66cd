/** Real requests through real HAProxy, configured by sns, to pods behind a real proxy. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesOf, greeter, receive, send, TestServer } from "../../proxy/test_kit.ts";
import { eventually, run } from "../shell/pod_folder.ts";
import {
  IngressLab,
  type LabOptions,
  makeCertificate,
  missing,
  PORT,
  rule,
  webPod,
} from "./lab.ts";

const [A, B, C, D] = [61000, 61001, 61002, 61003];

/** A test with a lab whose cluster ports A to D are the pods a to d. */
function testIngress(
  name: string,
  options: LabOptions,
  test: (lab: IngressLab, stack: AsyncDisposableStack) => Promise<void>,
): void {
  Deno.test({
    name: `ingress: ${name}${missing ? ` (skipped: ${missing})` : ""}`,
    ignore: missing !== undefined,
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      const lab = stack.use(await IngressLab.start(options));
      const mappings = ["a", "b", "c", "d"].map((pod, index) => {
        const { port, close } = webPod(lab.ip, pod);
        stack.defer(close);
        return { clusterPort: A + index, hostPort: port };
      });
      await lab.proxy.map(...mappings);
      await eventually("the pods are known", async () => {
        const probe = await Promise.all(
          mappings.map(({ clusterPort }) =>
            fetch(`http://${lab.ip}:${clusterPort}/`).then((answer) => answer.text(), () => "")
          ),
        );
        return probe.every((text) => text !== "");
      });
      await test(lab, stack);
    },
  });
}

const http = (path = "/", host = "example.com", port: number = PORT.http) =>
  `http://${host}:${port}${path}`;
const https = (path = "/", host = "example.com") => `https://${host}:${PORT.https}${path}`;

testIngress("domains, wildcards, paths, weights and defaults", {
  rules: rule("http", { host: "example.com www.example.com" }, A) +
    rule("http", { host: "*.example.com" }, B) +
    rule("http", { host: "example.com", path_beg: "/api/" }, B) +
    rule("http", { host: "example.com", path_beg: "/api/v2/" }, C) +
    rule("http", { host: "example.com", path: "/api/v2/exact" }, D) +
    rule("http", { host: "example.com", path_end: ".css" }, D) +
    rule("http", { path_beg: "/.well-known/acme-challenge/", weight: 999999 }, C) +
    rule("http", { host: "*.example.org" }, D) +
    rule("http", { host: "down.example.net" }, 61019),
}, async (lab) => {
  const cases: [string, string[], string][] = [
    [http(), [], "a"],
    [http("/", "www.example.com"), [], "a"],
    [http("/", "EXAMPLE.com"), [], "a"],
    [http("/", "example.com."), [], "a"],
    [http(), ["-H", "Host: example.com:1234"], "a"],
    [http("/", "deep.er.example.com"), [], "b"],
    [http("/", "example.org"), [], "d"],
    [http("/", "x.example.org"), [], "d"],
    [http("/api/x"), [], "b"],
    [http("/api"), [], "a"],
    [http("/api/v2/x?y=/z.css"), [], "c"],
    [http("/api/v2/exact"), [], "d"],
    [http("/api/v2/exact?query"), [], "d"],
    [http("/style.css"), [], "d"],
    [http("/.well-known/acme-challenge/token", "unheard.of"), [], "c"],
    [http("/.well-known/acme-challenge/token"), [], "c"],
  ];
  for (const [url, args, pod] of cases) {
    const { status, body } = await lab.get(url, ...args);
    assert.equal(status, 200, `${url}: ${body}`);
    assert.equal(JSON.parse(body).pod, pod, url);
  }
  const unknown = await lab.get(http("/", "notexample.com"));
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /no site is configured here for this name and path/);
  const down = await lab.get(http("/", "down.example.net"));
  assert.ok([502, 503].includes(down.status), `${down.status}`);
  assert.match(down.body, /pod/);
});

testIngress("redirects and pages", {
  rules: rule("http", { host: "example.com" }, "redirect_to_https true") +
    rule("http", { host: "www.example.com" }, "redirect_prefix https://example.com") +
    rule(
      "http",
      { host: "old.example.com" },
      "redirect_location https://example.com/a?b=100%25&c=it's",
    ) +
    rule("http", { host: "closed.example.com" }, "errorfile 503 /mnt/conf/error404.http"),
}, async (lab) => {
  const location = async (url: string) => {
    const { out } = await lab.curl("-o", "/dev/null", "-w", "%{http_code} %header{location}", url);
    return out;
  };
  assert.equal(await location(http("/a/b?c=d&e")), "301 https://example.com/a/b?c=d&e");
  assert.equal(await location(http("/a?b", "www.example.com")), "301 https://example.com/a?b");
  assert.equal(
    await location(http("/x", "old.example.com")),
    "301 https://example.com/a?b=100%25&c=it's",
  );
  assert.match((await lab.get(http("/", "closed.example.com"))).body, /^404: no site/);
});

testIngress("an https port without any certificate yet, then with one of the user's", {
  rules: rule("https", { host: "example.com other.example.com" }, A),
  variables: { hsts: "600" },
}, async (lab, stack) => {
  const none = await lab.curl("-k", https());
  assert.equal(none.code, 35);
  assert.match(none.err, /unrecognized name/);
  const dir = await Deno.makeTempDir({ prefix: "ingress-certificates-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const { pem, ca } = await makeCertificate(dir, "example.com");
  await Deno.writeTextFile(join(lab.dir, "usercerts/example.pem"), pem, { mode: 0o600 });
  lab.reload();
  await eventually(
    "its certificate is served",
    async () => (await lab.curl("--cacert", ca, https())).code === 0,
  );
  const { out } = await lab.curl("--cacert", ca, "-i", "--http2", https());
  assert.match(out, /^HTTP\/2 200/);
  assert.match(out, /\nstrict-transport-security: max-age=600; includeSubDomains/);
  const { body } = await lab.get(https(), "--cacert", ca, "--http1.1");
  assert.equal(JSON.parse(body).proto, "https");
  assert.equal((await lab.curl("--cacert", ca, "--tls-max", "1.1", https())).code, 35);
  assert.equal((await lab.curl("-k", https("/", "other.example.com"))).code, 35);
});

testIngress("a default certificate is for the names without any, and for clients that name none", {
  rules: rule("https", {}, A),
  files: async (dir) => {
    const { pem } = await makeCertificate(dir, "any.test");
    await Deno.writeTextFile(join(dir, "usercerts/default.pem"), pem, { mode: 0o600 });
  },
}, async (lab) => {
  const other = await lab.curl("-kv", https("/", "other.example.com"));
  assert.match(other.err, /CN=any\.test/);
  assert.equal(JSON.parse(other.out).proto, "https");
  assert.equal((await lab.get(`https://${lab.ip}:${PORT.https}/`, "-k")).status, 200);
});

testIngress("websockets", { rules: rule("http", { path_beg: "/ws" }, B) }, async (lab) => {
  const socket = new WebSocket(`ws://${lab.ip}:${PORT.http}/ws`);
  const said = new Promise<string>((resolve, reject) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("the websocket failed"));
  });
  assert.equal(await said, "b: hello");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});

/** A pod that tells the PROXY line and the head of the request that it got. */
function recorder(hostname: string): TestServer {
  return new TestServer(hostname, async (conn) => {
    const text = await receive(conn, "\r\n\r\n");
    const head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ";
    await send(conn, `${head}${bytesOf(text).length}\r\n\r\n${text}`);
  });
}

testIngress("the client's address reaches the pod, and is not what the client says", {
  rules: rule("http", { host: "example.com" }, 61010) + rule("tcp", {}, 61011),
}, async (lab, stack) => {
  const pod = recorder(lab.ip);
  stack.defer(() => pod.close());
  const talker = new TestServer(lab.ip, async (conn) => {
    await send(conn, `banner ${await receive(conn, "\r\n")}`);
  });
  stack.defer(() => talker.close());
  await lab.proxy.map(
    { clusterPort: 61010, hostPort: pod.port, sendProxy: true },
    { clusterPort: 61011, hostPort: talker.port, sendProxy: true },
  );
  const client = lab.ip.replace(/\d+$/, "253");
  let body = "";
  await eventually("the pod answers", async () => {
    const args = ["--interface", client, "-H", "X-Forwarded-For: 6.6.6.6"];
    const answer = await lab.get(http(), ...args, "-H", "X-Forwarded-Proto: gopher");
    body = answer.body;
    return answer.status === 200;
  });
  assert.match(body, new RegExp(`^PROXY TCP4 ${client} ${lab.ip} \\d+ ${PORT.http}\r\nGET / `));
  assert.match(body, new RegExp(`\nx-forwarded-for: ${client}\r\n`));
  assert.match(body, /\nx-forwarded-proto: http\r\n/);
  assert.ok(!body.includes("6.6.6.6"), body);
  using conn = await Deno.connect({ hostname: lab.ip, port: PORT.plain });
  const mine = conn.localAddr;
  assert.match(
    await receive(conn, "\r\n"),
    new RegExp(`^banner PROXY TCP4 ${mine.hostname} ${lab.ip} ${mine.port} ${PORT.plain}\r\n$`),
  );
});

testIngress("tcp by the name that a TLS client asks for, the rest to the plain rule", {
  rules: rule("tcp", { bind: PORT.sni, host: "one.example.com" }, 61010) +
    rule("tcp", { bind: PORT.sni, host: "*.two.example.com" }, 61011) +
    rule("tcp", { bind: PORT.sni }, 61012),
}, async (lab, stack) => {
  const names = ["one.example.com", "two.example.com"];
  const mappings: { clusterPort: number; hostPort: number }[] = [];
  const authorities: string[] = [];
  for (const [index, name] of names.entries()) {
    const { pem, ca } = await makeCertificate(lab.dir, name, `x.${name}`);
    authorities.push(ca);
    const [, cert, key] = /^(.*-----END CERTIFICATE-----\n)(.*)$/s.exec(pem)!;
    const server = Deno.serve(
      { hostname: lab.ip, port: 0, cert: cert!, key: key!, onListen: () => {} },
      () => new Response(name),
    );
    stack.defer(() => server.shutdown());
    mappings.push({ clusterPort: 61010 + index, hostPort: server.addr.port });
  }
  const plain = new TestServer(lab.ip, async (conn) => {
    await send(conn, `plain ${await receive(conn, "\n")}`);
  });
  stack.defer(() => plain.close());
  await lab.proxy.map(...mappings, { clusterPort: 61012, hostPort: plain.port });
  const says = async (name: string, ca: string) =>
    (await lab.curl("--cacert", ca, `https://${name}:${PORT.sni}/`)).out;
  await eventually(
    "the pod answers",
    async () => await says("one.example.com", authorities[0]!) === "one.example.com",
  );
  assert.equal(await says("x.two.example.com", authorities[1]!), "two.example.com");
  assert.equal(await says("two.example.com", authorities[1]!), "two.example.com");
  using conn = await Deno.connect({ hostname: lab.ip, port: PORT.sni });
  await send(conn, "no TLS at all\n");
  assert.equal(await receive(conn, "\n"), "plain no TLS at all\n");
});

testIngress("a tcp port of its own for a server that speaks first", {
  rules: rule("tcp", {}, 61010),
}, async (lab, stack) => {
  const pod = new TestServer(lab.ip, greeter("220 ready"));
  stack.defer(() => pod.close());
  await lab.proxy.map({ clusterPort: 61010, hostPort: pod.port });
  await eventually("the pod answers", async () => {
    using conn = await Deno.connect({ hostname: lab.ip, port: PORT.plain });
    return (await receive(conn, "\n")) === "220 ready\n";
  });
});

testIngress("no request goes the way of an earlier one, whose host may be gone by now", {
  rules: rule("http", {}, 61010) + rule("https", {}, 61010),
}, async (lab, stack) => {
  const dir = await Deno.makeTempDir({ prefix: "ingress-certificates-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const { pem } = await makeCertificate(dir, "example.com");
  await Deno.writeTextFile(join(lab.dir, "usercerts/example.pem"), pem, { mode: 0o600 });
  lab.reload();
  // Its host loses power behind each answer: nothing comes any more, not even an end.
  const pod = new TestServer(lab.ip, async (conn) => {
    await receive(conn, "\r\n\r\n");
    await send(conn, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    await receive(conn, "never");
  });
  stack.defer(() => pod.close());
  await lab.proxy.map({ clusterPort: 61010, hostPort: pod.port });
  const says = async (...args: string[]) => (await lab.curl("-k", "-m", "5", ...args)).out;
  await eventually("the pod answers", async () => await says("--http2", https()) === "ok");
  for (let round = 0; round < 5; round++) {
    assert.equal(await says("--http1.1", http(), http(), https(), https()), "okokokok");
    assert.equal(await says("--http2", https(), https()), "okok");
  }
});

testIngress("a limit on connections of one source, which others don't feel", {
  rules: rule("http", {}, A),
  variables: { connRate: "10" },
}, async (lab) => {
  const codes = async (client: string) => {
    const one = async () => (await lab.curl("-o", "/dev/null", "--interface", client, http())).code;
    return await Promise.all(Array.from({ length: 30 }, one));
  };
  const first = lab.ip.replace(/\d+$/, "251");
  const served = (await codes(first)).filter((code) => code === 0).length;
  assert.ok(served >= 1 && served < 30, `${served} of 30 were served`);
  const other = lab.ip.replace(/\d+$/, "252");
  assert.equal((await lab.get(http(), "--interface", other)).status, 200);
});

testIngress("a limit on requests of one source", {
  rules: rule("http", {}, A),
  variables: { requestRate: "20" },
}, async (lab) => {
  const { out } = await lab.curl("-o", "/dev/null", "-w", "%{http_code}\n", http("/[1-40]"));
  const codes = out.trim().split("\n");
  assert.deepEqual([...new Set(codes)].sort(), ["200", "429"]);
  assert.match((await lab.get(http())).body, /^429: too many requests/);
});

testIngress("figures on the host alone, and a documented access log", {
  rules: rule("http", { host: "example.com" }, A),
  variables: { stats: "true" },
}, async (lab) => {
  assert.equal((await lab.get(http('/a"b?secret=1'))).status, 200);
  const metrics = await fetch(`http://${lab.ip}:32765/metrics`).then((answer) => answer.text());
  assert.match(metrics, /^haproxy_frontend_http_requests_total\{proxy="http-8080"\} 1$/m);
  assert.match((await lab.get(`http://x:32765/stats`)).body, /Statistics Report/);
  await eventually("the request is logged", () => lab.accessLog.length > 0);
  const [entry] = lab.accessLog;
  const { time, bytes, ms, ...rest } = entry;
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
  assert.ok(bytes > 100 && ms >= 0);
  assert.deepEqual(rest, {
    client: "127.0.0.1",
    frontend: "http-8080",
    backend: "http.web.61000",
    host: "example.com",
    method: "GET",
    path: '/a"b',
    version: "HTTP/1.1",
    status: 200,
    end: "--",
  });
});

const six = await run("cat", ["/proc/net/if_inet6"]);
const noSix = missing ?? (six.out.includes("0".repeat(31) + "1") ? undefined : "no IPv6 here");
Deno.test({
  name: `ingress: IPv6, from client to pod${noSix ? ` (skipped: ${noSix})` : ""}`,
  ignore: noSix !== undefined,
  fn: async () => {
    // All tests of the machine share ::1, so the port is a free one.
    using probe = Deno.listen({ hostname: "::1", port: 0 });
    const bind = probe.addr.port;
    probe.close();
    await using lab = await IngressLab.start({ rules: rule("http", { bind }, 61010), bind: "::1" });
    await using stack = new AsyncDisposableStack();
    const pod = recorder(lab.ip);
    stack.defer(() => pod.close());
    await lab.proxy.map({ clusterPort: 61010, hostPort: pod.port, sendProxy: true });
    let body = "";
    await eventually("the pod answers", async () => {
      const answer = await lab.get(http("/", "example.com", bind));
      body = answer.body;
      return answer.status === 200;
    });
    assert.match(body, new RegExp(`^PROXY TCP6 ::1 ::1 \\d+ ${bind}\r\n`));
    assert.match(body, /\nx-forwarded-for: ::1\r\n/);
  },
});
