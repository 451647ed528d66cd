import assert from "node:assert/strict";
import { defaultProxyConf, type HostAddress } from "./conf/mod.ts";
import { makePlan } from "./make_plan.ts";

const host = (hostname: string, port = 32767) => ({ hostname, port });

Deno.test("the own entry of hosts.conf: by name, by address, or the first", () => {
  const hosts = [host("two"), host("one"), host("10.0.0.3")];
  const addresses = new Map([["one", ["10.0.0.1"]], ["two", ["10.0.0.2"]]]);
  const cases: [
    conf: string | undefined,
    chosen: string | undefined,
    own: HostAddress | undefined,
  ][] = [
    ["one", "one", hosts[1]],
    ["10.0.0.1", "10.0.0.1", hosts[1]],
    ["10.0.0.3", "10.0.0.3", hosts[2]],
    ["10.0.0.9", "10.0.0.9", undefined],
    ["0.0.0.0", "0.0.0.0", hosts[0]],
    [undefined, "two", hosts[0]],
    [undefined, undefined, hosts[0]],
  ];
  for (const [named, chosen, own] of cases) {
    const conf = { ...defaultProxyConf("/"), ...(named === undefined ? {} : { host: named }) };
    const { plan } = makePlan({ conf, hosts, mappings: [] }, { host: chosen, addresses });
    assert.deepEqual(plan.hosts.own, own, `${named} ${chosen}`);
  }
});
