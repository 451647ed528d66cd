import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatPortsFile, parsePortsFile } from "./release_ports.ts";
import {
  assignClusterPorts,
  assignHostPorts,
  type BoundPort,
  findPortClashes,
  type ReleasePorts,
} from "./ports.ts";

function release(name: string, ports: Partial<ReleasePorts> = {}): ReleasePorts {
  const [, pod, version, host] = /^(.*):(.*)@(.*)$/.exec(name)!;
  return {
    host: host!,
    pod: pod!,
    version: version!,
    removed: false,
    hostPorts: [],
    clusterPorts: [],
    assigned: new Map(),
    ...ports,
  };
}
const on = (...ports: number[]) => ports.map((port) => ({ port }));
const target = { pod: "web", version: "1.0.0" };

Deno.test("any number of cluster port names get ports of their own", () => {
  const ports = assignClusterPorts(
    ["CLUSTERPORTAUTO1", "CLUSTERPORTAUTO2", "CLUSTERPORTAUTOx"],
    target,
    [],
  );
  deepStrictEqual([...ports.values()], [61000, 61001, 61002]);
});

Deno.test("a cluster port is used once in the cluster, a host port once on its host", () => {
  const others = [
    release("db:1.0.0@h2", { clusterPorts: [61000], hostPorts: on(30000) }),
    release("api:1.0.0@h1", { hostPorts: on(30001) }),
  ];
  deepStrictEqual([...assignClusterPorts(["CLUSTERPORTAUTO1"], target, others).values()], [61001]);
  deepStrictEqual([...assignHostPorts(["HOSTPORTAUTO1"], "h1", others).values()], [30000]);
  deepStrictEqual([...assignHostPorts(["HOSTPORTAUTO1"], "h2", others).values()], [30001]);
});

Deno.test("a version keeps its cluster ports on hosts that are compiled later", () => {
  const assigned = new Map([["CLUSTERPORTAUTO1", 61007], ["HOSTPORTAUTO1", 30000]]);
  const releases = [
    release("web:1.0.0@h1", { assigned, clusterPorts: [61007] }),
    release("web:0.9.0@h1", { assigned: new Map([["CLUSTERPORTAUTO1", 61003]]) }),
  ];
  const ports = assignClusterPorts(["CLUSTERPORTAUTO1", "CLUSTERPORTAUTO2"], target, releases);
  deepStrictEqual([...ports], [["CLUSTERPORTAUTO1", 61007], ["CLUSTERPORTAUTO2", 61000]]);
});

Deno.test("ports of removed releases are free, but taken last", () => {
  const removed = release("old:1.0.0@h1", { removed: true, hostPorts: on(30000) });
  deepStrictEqual([...assignHostPorts(["A"], "h1", [removed]).values()], [30001]);
  const full = release("full:1.0.0@h1", {
    hostPorts: on(...Array.from({ length: 1999 }, (_, i) => 30001 + i)),
  });
  deepStrictEqual([...assignHostPorts(["A"], "h1", [removed, full]).values()], [30000]);
  throws(() => assignHostPorts(["A", "B"], "h1", [removed, full]), /\$\{B\}.*30000-31999.*taken/);
});

const clashing: readonly [string, ReleasePorts[], number][] = [
  ["the same host port on one host", [
    release("a:1.0.0@h1", { hostPorts: on(8080) }),
    release("b:1.0.0@h1", { hostPorts: on(8080) }),
  ], 1],
  ["on two hosts", [
    release("a:1.0.0@h1", { hostPorts: on(8080) }),
    release("a:1.0.0@h2", { hostPorts: on(8080) }),
  ], 0],
  ["one is removed", [
    release("a:1.0.0@h1", { hostPorts: on(8080) }),
    release("b:1.0.0@h1", { hostPorts: on(8080), removed: true }),
  ], 0],
  ["the same cluster port", [
    release("a:1.0.0@h1", { clusterPorts: [61000] }),
    release("b:1.0.0@h1", { clusterPorts: [61000] }),
  ], 0],
  ["host port equals cluster port", [
    release("a:1.0.0@h1", { hostPorts: on(61000) }),
    release("b:1.0.0@h1", { clusterPorts: [61000] }),
  ], 1],
  ["in one release", [release("a:1.0.0@h1", { hostPorts: on(61000), clusterPorts: [61000] })], 1],
  ["on two addresses", [
    release("a:1.0.0@h1", { hostPorts: [{ port: 80, hostInterface: "10.0.0.1" }] }),
    release("b:1.0.0@h1", { hostPorts: [{ port: 80, hostInterface: "10.0.0.2" }] }),
  ], 0],
  ["on an address and on all", [
    release("a:1.0.0@h1", { hostPorts: [{ port: 80, hostInterface: "10.0.0.1" }] }),
    release("b:1.0.0@h1", { hostPorts: [{ port: 80, hostInterface: "0.0.0.0" }] }),
  ], 1],
  ["by TCP and by UDP", [
    release("a:1.0.0@h1", { hostPorts: [{ port: 53 }, { port: 53, protocol: "udp" }] }),
    release("b:1.0.0@h1", { hostPorts: [{ port: 80, protocol: "udp" }] }),
    release("c:1.0.0@h1", { hostPorts: on(80) }),
  ], 0],
  ["both by UDP", [
    release("a:1.0.0@h1", { hostPorts: [{ port: 53, protocol: "udp" }] }),
    release("b:1.0.0@h1", { hostPorts: on(53) }),
    release("c:1.0.0@h1", { hostPorts: [{ port: 53, protocol: "udp" }] }),
  ], 1],
  ["a UDP host port equals a cluster port", [
    release("a:1.0.0@h1", { hostPorts: [{ port: 61000, protocol: "udp" }] }),
    release("b:1.0.0@h1", { clusterPorts: [61000] }),
  ], 0],
];
for (const [name, releases, count] of clashing) {
  Deno.test(`clashes: ${name}`, () => {
    const clashes = findPortClashes(releases);
    strictEqual(clashes.length, count, clashes.join("\n"));
    if (count > 0) ok(clashes[0]!.includes("a:1.0.0@h1"), clashes[0]);
  });
}

Deno.test("what is assigned never clashes with what is there", () => {
  const port = fc.integer({ min: 30000, max: 30010 });
  fc.assert(
    fc.property(fc.uniqueArray(port), fc.integer({ min: 0, max: 8 }), (taken, wanted) => {
      const there = release("a:1.0.0@h1", { hostPorts: on(...taken) });
      const names = Array.from({ length: wanted }, (_, i) => `HOSTPORTAUTO${i}`);
      const assigned = assignHostPorts(names, "h1", [there]);
      const made = release("web:1.0.0@h1", { hostPorts: on(...assigned.values()) });
      deepStrictEqual(findPortClashes([there, made]), []);
      strictEqual(new Set(assigned.values()).size, wanted);
    }),
    { numRuns: 100 },
  );
});

Deno.test(".ports survives being written and read", () => {
  const assigned = new Map([["HOSTPORTAUTO1", 30000], ["CLUSTERPORTAUTO_x", 61000]]);
  const bound: BoundPort[] = [
    { port: 30000 },
    { port: 80, hostInterface: "fd00::1" },
    { port: 53, protocol: "udp" },
    { port: 53, hostInterface: "0.0.0.0", protocol: "udp" },
  ];
  const text = formatPortsFile(assigned, bound);
  strictEqual(
    text,
    "HOSTPORTAUTO1=30000\nCLUSTERPORTAUTO_x=61000\nhostPort=30000\nhostPort=fd00::1:80\nhostPort=53/udp\n" +
      "hostPort=0.0.0.0:53/udp\n",
  );
  deepStrictEqual(parsePortsFile(text), { assigned, bound });
});
