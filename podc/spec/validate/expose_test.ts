import assert from "node:assert/strict";
import {
  assertErrors,
  compile,
  containerOf,
  containerPod,
  executableIn,
  executablePod,
  messagesOf,
} from "./validate_testing.ts";

const exposing = (entries: string) => containerPod(`expose:\n${entries}`);
const warnings = (entries: string) => messagesOf(exposing(entries), "warning");

Deno.test("expose: an entry with its defaults, and one with everything", () => {
  const { expose } = containerOf(exposing(`
- {hostPort: 8080, targetPort: 80}
- hostPort: 30001
  targetPort: 81
  clusterPort: 65535
  hostInterface: 127.0.0.1
  maxConn: 5
  sendProxy: true`));
  assert.deepEqual(expose, [
    { port: { hostPort: 8080, targetPort: 80, maxConn: 4096, sendProxy: false }, ingress: [] },
    {
      port: {
        hostPort: 30001,
        targetPort: 81,
        hostInterface: "127.0.0.1",
        clusterPort: 65535,
        maxConn: 5,
        sendProxy: true,
      },
      ingress: [],
    },
  ]);
});

Deno.test("expose: what is wrong", () => {
  assertErrors(exposing, [
    ["- {hostPort: 8080}", /hostPort without targetPort/],
    ["- {hostPort: , targetPort: 80}", /hostPort has no value/],
    ["- {targetPort: 80}", /targetPort without hostPort/],
    ["- {clusterPort: 2000, targetPort: 80}", /targetPort, clusterPort without hostPort/],
    ["- {hostInterface: 127.0.0.1}", /hostInterface without hostPort/],
    ["- {}", /exposes nothing/],
    ["- 80", /must be a mapping/],
    ["- {hostPort: 0, targetPort: 80}", /hostPort is "0"/],
    ["- {hostPort: 65536, targetPort: 80}", /hostPort is "65536"/],
    ["- {hostPort: 0x50, targetPort: 80}", /hostPort is "0x50"/],
    ["- {hostPort: 32767, targetPort: 80}", /the port of the cluster's proxies/],
    ["- {hostPort: 8080, targetPort: -1}", /targetPort is "-1"/],
    ["- {hostPort: 8080, targetPort: 80, clusterPort: 0}", /clusterPort is "0"/],
    ["- {hostPort: 8080, targetPort: 80, clusterPort: 1023}", /clusterPort is 1023/],
    ["- {hostPort: 8080, targetPort: 80, clusterPort: 30000}", /clusterPort is 30000/],
    ["- {hostPort: 8080, targetPort: 80, clusterPort: 32767}", /clusterPort is 32767/],
    ["- {hostPort: 8080, targetPort: 80, hostInterface: localhost}", /must be an address/],
    ["- {hostPort: 8080, targetPort: 80, hostInterface: 1.2.3.400}", /must be an address/],
    ["- {hostPort: 8080, targetPort: 80, hostInterface: '[::1]'}", /hostInterface is/],
    ["- {hostPort: 8080, targetPort: 80, hostInterface: 'fe80::1%lo'}", /hostInterface is/],
    ["- {hostPort: 8080, targetPort: 80, sendProxy: 1}", /true or false/],
    ["- {hostPort: 8080, targetPort: 80, maxConn: 0}", /maxConn is "0"/],
    ["- {hostPort: 8080, targetPort: 80, protocol: sctp}", /protocol is "sctp"/],
    ["- {hostPort: 8080, targetPort: 80, protocol: udp, clusterPort: 2000}", /hand on tcp only/],
    ["- {hostPort: 8080, targetPort: 80, protocol: udp, sendProxy: true}", /hand on tcp only/],
    ["- {protocol: udp, ingress: [{protocol: http, redirectToHttps: true}]}", /without hostPort/],
    ["- {hostPort: 80, targetPort: 80}\n- {hostPort: 80, targetPort: 81}", /taken already/],
  ]);
});

Deno.test("expose: one host port on several interfaces", () => {
  const pair = (first: string, second: string) =>
    messagesOf(
      exposing(
        `- {hostPort: 8080, targetPort: 80${first}}\n- {hostPort: 8080, targetPort: 81${second}}`,
      ),
      "error",
    ).length;
  const on = (address: string) => `, hostInterface: ${address}`;
  assert.equal(pair(on("127.0.0.1"), on("127.0.0.2")), 0);
  assert.equal(pair(on("127.0.0.1"), on("127.0.0.1")), 1);
  assert.equal(pair(on("127.0.0.1"), ""), 1);
  assert.equal(pair(on("0.0.0.0"), on("127.0.0.1")), 1);
});

Deno.test("expose: what is legal but hardly wanted is a warning", () => {
  assert.deepEqual(warnings("- {hostPort: 1024, targetPort: 80}"), []);
  assert.match(warnings("- {hostPort: 1023, targetPort: 80}")[0]!, /below 1024/);
  assert.match(warnings("- {hostPort: 61000, targetPort: 80}")[0]!, /automatic cluster ports/);
  assert.match(warnings("- {hostPort: 8080, targetPort: 80, maxConn: 1}")[0]!, /no effect/);
  const same = "- {hostPort: 8080, targetPort: 80, clusterPort: 8080}";
  assert.match(warnings(same)[0]!, /is a clusterPort too/);
});

Deno.test("expose: two containers cannot listen on one port, one container may be reached twice", () => {
  const pod = (second: string) =>
    messagesOf(
      compile(
        `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n` +
          `- {name: a, image: "x:1", expose: [{hostPort: 1024, targetPort: 80}, {hostPort: 1025, targetPort: 80}]}\n` +
          `- {name: b, image: "x:1", ${second}}\n`,
      ),
      "warning",
    );
  assert.match(pod("expose: [{hostPort: 1026, targetPort: 80}]")[0]!, /that of container a too/);
  assert.deepEqual(pod("expose: [{hostPort: 1026, targetPort: 81}]"), []);
});

Deno.test("expose: has no effect in the host's network", () => {
  const output = containerPod("network: host\nexpose:\n- {hostPort: 80, targetPort: 80}");
  assert.deepEqual(containerOf(output).expose, []);
  assert.deepEqual(messagesOf(output, "warning"), [
    "expose has no effect with network: host (line 9 ignored)",
  ]);
});

Deno.test("expose: an executable listens on its host port itself", () => {
  const pod = (entry: string) => executablePod(`command: [x]\nexpose:\n- ${entry}`);
  const ports = ["{hostPort: 8080}", "{hostPort: 8080, targetPort: 8080}"]
    .map((entry) => executableIn(pod(entry)).expose[0]?.port?.targetPort);
  assert.deepEqual(ports, [8080, 8080]);
  assertErrors(pod, [
    ["{hostPort: 8080, targetPort: 80}", /listens on its hostPort 8080 itself/],
    ["{clusterPort: 2000}", /without hostPort/],
  ]);
});

Deno.test("expose: one host port for both protocols, and for addresses of both kinds", () => {
  const pod = (...entries: string[]) => containerPod(`expose:\n${entries.join("\n")}`);
  const entry = (more: string) => `- {hostPort: 8080, targetPort: 80${more}}`;
  const at = (address: string) => entry(`, hostInterface: '${address}'`);
  const table: [string[], number][] = [
    [[entry(""), entry(", protocol: udp")], 0],
    [[entry(", protocol: udp"), entry(", protocol: udp")], 1],
    [[at("127.0.0.1"), at("::1")], 0],
    [[at("::1"), at("0:0:0:0:0:0:0:1")], 1],
    [[at("0.0.0.0"), at("127.0.0.1")], 1],
    [[at("0.0.0.0"), at("::1")], 0],
    [[at("::1"), at("::")], 1],
    [[entry(""), at("::1")], 1],
  ];
  for (const [entries, count] of table) {
    const found = messagesOf(pod(...entries), "error");
    assert.equal(found.length, count, `${entries.join()}\n${found.join()}`);
    assert.match(found[0] ?? "taken already", /taken already/);
  }
});
