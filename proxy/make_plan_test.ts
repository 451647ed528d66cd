import assert from "node:assert/strict";
import { defaultProxyConf, type ProxyConf } from "./conf/mod.ts";
import { makePlan, namesIn } from "./make_plan.ts";

const host = (hostname: string, port = 32767) => ({ hostname, port });
const mapping = (hostPort: number) => ({
  clusterPort: 61000,
  hostPort,
  maxConn: 1,
  sendProxy: false,
});
const settings = (conf: Partial<ProxyConf>, mappings = [mapping(8000)]) => ({
  conf: { ...defaultProxyConf("/"), ...conf },
  hosts: [host("a"), host("10.0.0.2")],
  mappings,
});
const addresses = new Map([["a", ["10.0.0.1", "10.0.0.9"]], ["pods", ["10.1.0.1"]]]);

Deno.test("makePlan: addresses are numeric, the own entry is found", () => {
  const plan = (conf: Partial<ProxyConf>, chosen: string | undefined) => {
    const { bind, podHost, hosts } = makePlan(settings(conf), { host: chosen, addresses }).plan;
    return [bind, podHost, hosts.own?.hostname];
  };
  assert.deepEqual(plan({}, "a"), ["10.0.0.1", "10.0.0.1", "a"]);
  assert.deepEqual(plan({ podHost: "pods" }, "a"), ["10.0.0.1", "10.1.0.1", "a"]);
  assert.deepEqual(plan({}, undefined), ["0.0.0.0", "127.0.0.1", "a"]);
  assert.deepEqual(plan({ host: "::" }, "::"), ["::", "127.0.0.1", "a"]);
  assert.deepEqual(plan({ host: "10.0.0.2" }, "10.0.0.2"), ["10.0.0.2", "10.0.0.2", "10.0.0.2"]);
  assert.deepEqual(plan({ host: "10.0.0.3" }, "10.0.0.3"), ["10.0.0.3", "10.0.0.3", undefined]);
});

Deno.test("makePlan: the own entry of hosts.conf may have another name for the same address", () => {
  const own = (conf: Partial<ProxyConf>, chosen: string) =>
    makePlan(settings(conf), { host: chosen, addresses }).plan.hosts.own;
  assert.deepEqual(own({ host: "10.0.0.1" }, "10.0.0.1"), host("a"));
  assert.equal(own({ host: "10.0.0.1", port: 1 }, "10.0.0.1"), undefined);
});

Deno.test("makePlan leaves out mappings that lead back to the proxy", () => {
  const ports = [8000, 32767, 61000, 65535];
  const loops = (conf: Partial<ProxyConf>, chosen = "a") =>
    makePlan(settings(conf, ports.map(mapping)), { host: chosen, addresses })
      .loops.map(({ hostPort }) => hostPort);
  assert.deepEqual(loops({}), [32767, 61000, 65535]);
  assert.deepEqual(loops({ port: 8000 }), [8000, 61000, 65535]);
  assert.deepEqual(loops({ podHost: "10.1.0.1" }), []);
  assert.deepEqual(loops({ podHost: "10.1.0.1", host: "0.0.0.0" }, "0.0.0.0"), [
    32767,
    61000,
    65535,
  ]);
});

Deno.test("namesIn: all that a plan needs an address of", () => {
  assert.deepEqual(
    namesIn(settings({ host: "a", podHost: "pods", peerFrom: ["nat"] })),
    ["a", "pods", "a", "10.0.0.2", "nat"],
  );
});
