import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { hostsConfFor, type RoutedHost } from "./hosts_conf.ts";
import { manifestLine, type Operation } from "./operation.ts";
import { forgetContent, planHost } from "./plan.ts";
import type {
  ConfigSums,
  DesiredHost,
  DesiredRelease,
  ObservedHost,
  ObservedRelease,
} from "./state.ts";

const names = fc.subarray(["a", "b", "c"]);
const sum = fc.constantFrom("1", "2");
const state = fc.constantFrom("running" as const, "stopped" as const, "removed" as const);
const version = fc.constantFrom("1.0.0", "2.0.0");

const sums = (present: boolean): fc.Arbitrary<ReadonlyMap<string, ConfigSums>> =>
  names.chain((keys) =>
    fc.tuple(
      ...keys.map((key) =>
        fc.record({ checksum: sum, shape: sum }).map((value) =>
          [key, present && value.shape === "2" ? { checksum: value.checksum } : value] as [
            string,
            ConfigSums,
          ]
        )
      ),
    ).map((entries) => new Map(entries))
  );
const files = names.chain((keys) =>
  fc.tuple(...keys.map((key) => sum.map((value) => [key, value] as [string, string])))
    .map((entries) => new Map(entries))
);
const releases = (present: boolean): fc.Arbitrary<DesiredRelease[]> =>
  fc.uniqueArray(
    fc.record({
      pod: fc.constantFrom("web", "db"),
      version,
      state,
      files,
      configs: sums(present),
    }),
    { selector: ({ pod, version }) => `${pod}:${version}`, maxLength: 4 },
  );
const chain = fc.subarray(["c1", "c2"]);
const startFirst = fc.boolean();
const desired: fc.Arbitrary<DesiredHost> = fc.record({
  name: fc.constant("h1"),
  clusterId: fc.constant("demo-1"),
  hostsConf: fc.constantFrom("", "a:1\n"),
  chain,
  releases: releases(false).chain((all) =>
    fc.tuple(...all.map((each) => startFirst.map((startsFirst) => ({ ...each, startsFirst }))))
  ),
});
const observed: fc.Arbitrary<ObservedHost> = fc.record({
  clusterId: fc.constant("demo-1"),
  chain,
  hostsConf: fc.constantFrom("", "b:1\n"),
  fence: fc.constant(0),
  releases: releases(true),
});

/** What a host holds after an operation, as apply.sh does it. */
function perform(host: ObservedHost, operation: Operation, wanted: DesiredHost): ObservedHost {
  if (operation.kind === "hosts") return { ...host, hostsConf: wanted.hostsConf };
  if (operation.kind === "chain") return { ...host, chain: wanted.chain };
  const same = (each: { pod: string; version: string }) =>
    each.pod === operation.pod && each.version === operation.version;
  const target = wanted.releases.find(same);
  const others = host.releases.filter((each) => !same(each));
  const own: ObservedRelease = host.releases.find(same) ??
    { ...target!, state: "", files: new Map(), configs: new Map() };
  const change = (changed: Partial<ObservedRelease>) => ({
    ...host,
    releases: [...others, { ...own, ...changed }],
  });
  const without = <T>(map: ReadonlyMap<string, T>, key: string) =>
    new Map([...map].filter(([each]) => each !== key));
  switch (operation.kind) {
    case "release":
      return change({ files: target!.files, configs: target!.configs });
    case "state":
      return change({ state: operation.state });
    case "file":
      return change({
        files: new Map([...own.files, [operation.name, target!.files.get(operation.name)!]]),
      });
    case "unfile":
      return change({ files: without(own.files, operation.name) });
    case "config":
      return change({
        configs: new Map([...own.configs, [operation.name, target!.configs.get(operation.name)!]]),
      });
    case "unconfig":
      return change({ configs: without(own.configs, operation.name) });
  }
}

Deno.test("a plan brings any host to what is wanted, and planning again gives nothing", () => {
  fc.assert(
    fc.property(desired, observed, (wanted, seen) => {
      let host = seen;
      for (const operation of planHost(wanted, seen)) host = perform(host, operation, wanted);
      deepStrictEqual(planHost(wanted, host), []);
      for (const release of wanted.releases.filter((each) => each.state !== "removed")) {
        const there = host.releases.find((each) =>
          each.pod === release.pod && each.version === release.version
        );
        strictEqual(there?.state, release.state);
        deepStrictEqual([...there!.configs.keys()].sort(), [...release.configs.keys()].sort());
      }
      const wantedNames = new Set(wanted.releases.map(({ pod, version }) => `${pod}:${version}`));
      for (const each of host.releases) {
        if (!wantedNames.has(`${each.pod}:${each.version}`)) strictEqual(each.state, "removed");
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("a release that is to be overwritten is delivered whole, the others are left alone", () => {
  fc.assert(
    fc.property(desired, (wanted) => {
      let host: ObservedHost = { clusterId: wanted.clusterId, chain: [], fence: 0, releases: [] };
      for (const operation of planHost(wanted, host)) host = perform(host, operation, wanted);
      for (const { pod, version, files, configs, state } of wanted.releases) {
        if (state === "removed") continue;
        const again = planHost(wanted, forgetContent(host, { pod, version }));
        const name = (kind: "file" | "config") => (name: string): Operation => ({
          kind,
          pod,
          version,
          name,
        });
        deepStrictEqual(
          again.map((each) => JSON.stringify(each)).sort(),
          [...[...files.keys()].map(name("file")), ...[...configs.keys()].map(name("config"))]
            .map((each) => JSON.stringify(each)).sort(),
        );
      }
    }),
    { numRuns: 200 },
  );
});

const ORDER = ["removed", "stopped", "running"];

Deno.test("data comes before states, removals before starts, the commits last", () => {
  fc.assert(
    fc.property(desired, observed, (wanted, seen) => {
      const plan = planHost(wanted, seen);
      const starting = new Set(plan.filter((each) => isFirst(each, wanted)).map(podOf));
      const rank = (operation: Operation) =>
        operation.kind === "chain"
          ? 4
          : operation.kind === "state"
          ? ORDER.indexOf(operation.state) + 1
          : 0;
      const ranks = plan.filter((each) => each.kind !== "state" || !starting.has(each.pod))
        .map(rank);
      deepStrictEqual(ranks, ranks.toSorted((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a version that starts first is told so before others of its pod are told to end", () => {
  fc.assert(
    fc.property(desired, observed, (wanted, seen) => {
      const states = planHost(wanted, seen).filter((each) => each.kind === "state");
      for (const [at, each] of states.entries()) {
        const ending = states.slice(0, at).filter(({ pod, state }) =>
          pod === each.pod && state !== "running"
        );
        if (isFirst(each, wanted)) deepStrictEqual(ending, []);
      }
    }),
    { numRuns: 300 },
  );
});

const podOf = (operation: Operation) => "pod" in operation ? operation.pod : undefined;

function isFirst(operation: Operation, { releases }: DesiredHost): boolean {
  return operation.kind === "state" && operation.state === "running" &&
    releases.some(({ pod, version, startsFirst }) =>
      pod === operation.pod && version === operation.version && startsFirst === true
    );
}

Deno.test("a manifest line has one operation in words without blanks", () => {
  const of = { pod: "web", version: "1.0.0" };
  const cases: readonly [Operation, string][] = [
    [{ kind: "release", ...of }, "release web 1.0.0"],
    [{ kind: "config", ...of, name: "conf" }, "config web 1.0.0 conf"],
    [{ kind: "unfile", ...of, name: "pod.ingress.conf" }, "unfile web 1.0.0 pod.ingress.conf"],
    [{ kind: "state", ...of, state: "stopped", from: "running" }, "state web 1.0.0 stopped"],
    [{ kind: "hosts" }, "hosts"],
    [{ kind: "chain" }, "chain"],
  ];
  for (const [operation, line] of cases) strictEqual(manifestLine(operation), line);
});

const host = (name: string, routerAddress: string, state: RoutedHost["state"] = "active") =>
  ({ name, routerAddress, state }) satisfies RoutedHost;
const cluster = [
  host("web-2", "10.0.0.3:32767"),
  host("web", "10.0.0.2:32767"),
  host("idle", "10.0.0.4:32767", "inactive"),
  host("off", "10.0.0.5:32767", "disabled"),
  host("none", ""),
  host("v6", "[fd00::1]:32767"),
  host("db", "10.0.0.1:32767"),
];
const conf: Record<string, string> = {
  web: "10.0.0.2:32767\n10.0.0.1:32767\n[fd00::1]:32767\n10.0.0.3:32767\n",
  "web-2": "10.0.0.3:32767\n10.0.0.1:32767\n[fd00::1]:32767\n10.0.0.2:32767\n",
  idle: "10.0.0.4:32767\n10.0.0.1:32767\n[fd00::1]:32767\n10.0.0.2:32767\n10.0.0.3:32767\n",
  none: "",
};
for (const [name, text] of Object.entries(conf)) {
  Deno.test(`hosts.conf of ${name}`, () => {
    strictEqual(hostsConfFor(cluster.find((each) => each.name === name)!, cluster), text);
  });
}
