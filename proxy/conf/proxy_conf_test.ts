import assert from "node:assert/strict";
import fc from "fast-check";
import { formatPortRanges, mergePortRanges, parsePortRanges } from "./port_ranges.ts";
import { defaultProxyConf, formatProxyConf, parseProxyConf, type ProxyConf } from "./proxy_conf.ts";

const DIRECTORY = "/home/c/pods/proxy/config/conf";
const defaults = defaultProxyConf(DIRECTORY);

Deno.test("parseProxyConf reads what is written", () => {
  const cases: [string, Partial<ProxyConf>][] = [
    ["", {}],
    ["# nothing\n\n  # here\n", {}],
    ["PORT 1234", { port: 1234 }],
    ["port 1234 # the router port", { port: 1234 }],
    ["PortsConf ../x/./p.conf", { portsConf: "/home/c/pods/proxy/config/x/p.conf" }],
    ["HOSTSCONF\t/etc/with blank/h#.conf\r", { hostsConf: "/etc/with blank/h#.conf" }],
    ["HOST [fd00::1]\nPODHOST 10.0.0.9", { host: "fd00::1", podHost: "10.0.0.9" }],
    ["CLUSTERPORTS 3-5, 1,2", { clusterPorts: [{ first: 1, last: 5 }] }],
    ["PROXYFROM none\nPEERFROM a, 10.0.0.1", { proxyFrom: [], peerFrom: ["a", "10.0.0.1"] }],
    ["REMEMBERBUSY 0.25", { remember: { ...defaults.remember, busy: 0.25 } }],
    ["DRAINSECONDS 0", { drainSeconds: 0 }],
    ["CLIENTFROM own, 10.88.0.0/16", { clientFrom: ["own", "10.88.0.0/16"] }],
    ["PREFER own\nPREDIAL 0", { prefer: "own", preDial: 0 }],
    ["ENGINE linux\nWORKERS 3", { engine: "linux", workers: 3 }],
    ["METRICS [::1]:9101", { metrics: { hostname: "::1", port: 9101 } }],
    ["SOCKET run/proxy.sock", { socket: `${DIRECTORY}/run/proxy.sock` }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseProxyConf(text, DIRECTORY), {
      conf: { ...defaults, ...expected },
      problems: [],
    }, text);
  }
});

Deno.test("the official pod's proxy.conf points to the home of the cluster", async () => {
  const url = new URL("../../pods/proxy/config/conf/proxy.conf", import.meta.url);
  const release = "/home/c/pods/proxy/release/0.1.0";
  const { conf, problems } = parseProxyConf(
    await Deno.readTextFile(url),
    `${release}/config/conf`,
  );
  assert.deepEqual(problems, []);
  assert.equal(conf.portsConf, "/home/c/portmappings.conf");
  assert.equal(conf.hostsConf, "/home/c/hosts.conf");
});

Deno.test("parseProxyConf names the line and the nearest key", () => {
  const cases: [string, string][] = [
    ["\nCLUSTERPORT 1", 'line 2: unknown key "CLUSTERPORT", did you mean CLUSTERPORTS?'],
    ["xyzzyxyzzy 1", 'line 1: unknown key "xyzzyxyzzy"'],
    ["PORT x", 'line 1: PORT needs a port, 1 to 65535, not "x"'],
    ["PORT 65536", 'line 1: PORT needs a port, 1 to 65535, not "65536"'],
    ["PORT", "line 1: PORT needs a value"],
    ["PORT 1\nport 2", "line 2: PORT stands in line 1 already"],
    [
      "CLUSTERPORTS 5-3",
      'line 1: CLUSTERPORTS needs ports and ranges such as 5000,61000-65535, not "5-3"',
    ],
    [
      "CLUSTERPORTS 5,,6",
      'line 1: CLUSTERPORTS needs ports and ranges such as 5000,61000-65535, not "5,,6"',
    ],
    ["HOST a b", 'line 1: HOST needs one address, not "a b"'],
    [
      "DRAINSECONDS -1",
      'line 1: DRAINSECONDS needs a number of seconds such as 3 or 0.5, not "-1"',
    ],
    [
      "PROXYFROM own, none",
      'line 1: PROXYFROM needs addresses separated by commas, or none, not "own, none"',
    ],
    ["WORKERS 0", 'line 1: WORKERS needs a number from 1 to 64 or auto, not "0"'],
    ["ENGINE fast", 'line 1: ENGINE needs auto or deno or linux, not "fast"'],
    [
      "CLIENTFROM own,10.0.0.0/40",
      'line 1: CLIENTFROM needs addresses and networks separated by commas, own, or any, not "own,10.0.0.0/40"',
    ],
    [
      "CLUSTERPORTS 32000-33000",
      "line 1: CLUSTERPORTS contain 32767, which is the PORT of the proxies",
    ],
    ["constructor 1", 'line 1: unknown key "constructor"'],
  ];
  for (const [text, problem] of cases) {
    assert.deepEqual(parseProxyConf(text, DIRECTORY).problems, [problem]);
  }
});

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
const ranges = fc.array(fc.tuple(fc.integer({ min: 1, max: 30000 }), fc.nat(2000)), {
  minLength: 1,
  maxLength: 5,
}).map((list) => mergePortRanges(list.map(([first, more]) => ({ first, last: first + more }))));
const secondsValue = fc.nat(999_999_999).map((number) => number / 1000);
const path = fc.stringMatching(/^\/[a-z]{1,8}(\/[a-z_.#-]{0,3}[a-z]( [a-z]+)?){0,4}$/)
  .map((text) => text.replaceAll(/\/\.+(?=\/)/g, "/x"));
const conf: fc.Arbitrary<ProxyConf> = fc.record({
  portsConf: path,
  hostsConf: path,
  host: address,
  podHost: address,
  port: fc.integer({ min: 32001, max: 65535 }),
  clusterPorts: ranges,
  proxyFrom: fc.uniqueArray(fc.oneof(address, fc.constant("own")), { maxLength: 3 }),
  peerFrom: fc.uniqueArray(address, { maxLength: 3 }),
  remember: fc.record({
    ok: secondsValue,
    refused: secondsValue,
    busy: secondsValue,
    silent: secondsValue,
  }, { noNullPrototype: true }),
  connectSeconds: secondsValue,
  giveUpSeconds: secondsValue,
  busySeconds: secondsValue,
  proxyWaitSeconds: secondsValue,
  drainSeconds: secondsValue,
  idleSeconds: secondsValue,
  keepAliveSeconds: secondsValue,
  clientFrom: fc.uniqueArray(
    fc.oneof(fc.ipV4(), fc.constantFrom("own", "any", "10.88.0.0/16", "fd00::/8")),
    { minLength: 1, maxLength: 3 },
  ),
  prefer: fc.constantFrom("own", "none"),
  preDial: fc.nat(64),
  engine: fc.constantFrom("auto", "deno", "linux"),
  workers: fc.oneof(fc.constant<"auto">("auto"), fc.integer({ min: 1, max: 64 })),
  socket: path,
  metrics: fc.record({
    hostname: fc.oneof(fc.ipV4(), fc.domain()),
    port: fc.integer({ min: 1, max: 65535 }),
  }, {
    noNullPrototype: true,
  }),
}, {
  noNullPrototype: true,
  requiredKeys: [
    "portsConf",
    "hostsConf",
    "port",
    "clusterPorts",
    "proxyFrom",
    "peerFrom",
    "remember",
    "connectSeconds",
    "giveUpSeconds",
    "busySeconds",
    "proxyWaitSeconds",
    "drainSeconds",
    "idleSeconds",
    "keepAliveSeconds",
    "clientFrom",
    "prefer",
    "preDial",
    "engine",
    "workers",
  ],
});

Deno.test("parseProxyConf is the inverse of formatProxyConf", () => {
  fc.assert(
    fc.property(conf, (value) => {
      assert.deepEqual(parseProxyConf(formatProxyConf(value), "/elsewhere"), {
        conf: value,
        problems: [],
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("formatProxyConf refuses what the format has no way to write", () => {
  for (const portsConf of ["/a #b", "/a\nPORT 1", "/a "]) {
    assert.throws(() => formatProxyConf({ ...defaults, portsConf }), /Cannot write PORTSCONF/);
  }
});

Deno.test("a path that ends with a blank is no path, wherever the blank comes from", () => {
  for (const value of ["conf\t/.", "a/b /../b\t/."]) {
    const { problems } = parseProxyConf(`PORTSCONF ${value}\n`, DIRECTORY);
    assert.match(problems[0] ?? "", /a path that does not end with a blank/, value);
  }
});

Deno.test("parseProxyConf never throws", () => {
  const word = fc.oneof(
    fc.constantFrom("PORT", "HOST", "CLUSTERPORTS", "PROXYFROM", "REMEMBEROK", "#", "\n", " "),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const parsed = parseProxyConf(words.join(" "), DIRECTORY);
      assert.ok(parsed.conf.clusterPorts.length > 0);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("port ranges: parse is the inverse of format, and keeps the set of ports", () => {
  fc.assert(
    fc.property(ranges, (value) => {
      assert.deepEqual(parsePortRanges(formatPortRanges(value)), value);
    }),
    { numRuns: 200 },
  );
  for (const text of ["", "-", "0", "65536", "1-", "-1", "1--2", "a", "1;2", "1 2"]) {
    assert.equal(parsePortRanges(text), undefined, text);
  }
});
