import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { newClusterId } from "./cluster.ts";
import { formatHostEnv, parseHostEnv } from "./host_env.ts";
import { formatLogLine, userName } from "./log.ts";
import { formatPodRef, parsePodRef } from "./pod_ref.ts";
import { normalizeGitUrl } from "./pod_source.ts";
import { resolveVariables, variableKind } from "./variables.ts";

const refs: readonly [string, ReturnType<typeof parsePodRef>][] = [
  ["web", { pod: "web" }],
  ["web:1.2.3", { pod: "web", version: "1.2.3" }],
  ["web:latest", { pod: "web", version: "latest" }],
  ["web@h-1", { pod: "web", host: "h-1" }],
  ["web_2:1.2.3-rc.1@H_1", { pod: "web_2", version: "1.2.3-rc.1", host: "H_1" }],
];
for (const [text, ref] of refs) {
  Deno.test(`pod reference ${text}`, () => {
    deepStrictEqual(parsePodRef(text), ref);
    strictEqual(formatPodRef(ref), text);
  });
}
for (
  const text of [
    "",
    "@h1",
    ":1.0.0",
    "Web",
    "2web",
    "_web",
    "web:",
    "web:1",
    "web:1.0.0@",
    "web@a b",
    "web@../x",
    "a/b",
    "web\n",
  ]
) {
  Deno.test(`no pod reference: ${JSON.stringify(text)}`, () => {
    throws(() => parsePodRef(text), /Cannot read/);
  });
}

Deno.test("parsing any text as a pod reference gives one or a plain refusal", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        strictEqual(formatPodRef(parsePodRef(text)), text);
      } catch (error) {
        match(String(error), /Cannot read/);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("host.env: the first of a key counts, nothing is quoted, defaults are filled in", () => {
  const text = "# HOST=no\nHOST=10.0.0.1\nHOST=10.0.0.2\nFLAGS=-oA=b -oC=d\nEXPOSE=80,443 22\n" +
    "junk\n USER=indented\nKEYFILE=\nHOSTHOME=/srv/my home\nROUTERADDRESS=10.0.0.1:32767\n";
  deepStrictEqual(parseHostEnv(text, "h1/host.env"), {
    host: "10.0.0.1",
    port: 22,
    user: "sns",
    flags: "-oA=b -oC=d",
    keyFile: "",
    jumpHost: "",
    expose: ["80", "443", "22"],
    internal: [],
    hostHome: "/srv/my home",
    routerAddress: "10.0.0.1:32767",
  });
  strictEqual(parseHostEnv("HOST=local", "f").hostHome, "cluster-host");
});

Deno.test("host.env: what is written is read back", () => {
  const env = parseHostEnv("HOST=local\nHOSTHOME=h1\nEXPOSE=80 443\nINTERNAL=10.0.0.0/8", "f");
  deepStrictEqual(parseHostEnv(formatHostEnv(env), "f"), env);
});

for (
  const [text, why] of [
    ["", /no HOST/],
    ["HOST=a\nPORT=x", /PORT=x is no port/],
    ["HOST=a\nROUTERADDRESS=10.0.0.1", /ROUTERADDRESS=10.0.0.1 is not address:port/],
    ["HOST=a\nROUTERADDRESS=0.0.0.0:32767", /is not address:port of this host/],
    ["HOST=a\nROUTERADDRESS=[::]:32767", /is not address:port of this host/],
  ] as const
) {
  Deno.test(`host.env refused: ${JSON.stringify(text)}`, () => {
    throws(() => parseHostEnv(text, "h1/host.env"), why);
  });
}

Deno.test("host.env: line ends of Windows are line ends", () => {
  const env = parseHostEnv("HOST=local\r\nHOSTHOME=/srv/h1\r\nROUTERADDRESS=\r\n", "f");
  deepStrictEqual([env.host, env.hostHome, env.routerAddress], ["local", "/srv/h1", ""]);
});

Deno.test("a log line has local time, unix seconds, user and action", () => {
  const now = new Date(2024, 0, 2, 3, 4, 5, 678);
  strictEqual(
    formatLogLine("CREATE_HOST h1", { now, user: "me" }),
    `2024-01-02 03:04:05 ${Math.floor(now.getTime() / 1000)} me CREATE_HOST h1\n`,
  );
});

Deno.test("log lines have a user without one in the environment, and never a blank in it", () => {
  strictEqual(userName((name) => name === "USER" ? "a b" : undefined), "a_b");
  match(userName(() => undefined), /^\S+$/);
});

const kinds: readonly [string, ReturnType<typeof variableKind>][] = [
  ["podVersion", { kind: "podVersion" }],
  ["HOSTPORTAUTO1", { kind: "hostPort" }],
  ["CLUSTERPORTAUTO_x", { kind: "clusterPort" }],
  ["ALL_CAPS2", { kind: "value", key: "ALL_CAPS2", optional: false }],
  ["DEVMODE", { kind: "value", key: "DEVMODE", optional: true }],
  ["devmode", { kind: "value", key: "web_devmode", optional: false }],
  ["_own", { kind: "value", key: "_own", optional: true }],
];
for (const [name, kind] of kinds) {
  Deno.test(`variable ${name}`, () => deepStrictEqual(variableKind(name, "web"), kind));
}

Deno.test("values are literal, missing ones are named with their key", () => {
  const env = new Map([["web_a", "x & \\1 ${b}"], ["B", "2"]]);
  const { values, missing, hostPorts } = resolveVariables(
    ["a", "B", "c", "DEVMODE", "HOSTPORTAUTO1", "podVersion"],
    "web",
    env,
  );
  deepStrictEqual([...values], [["a", "x & \\1 ${b}"], ["B", "2"], ["DEVMODE", ""]]);
  deepStrictEqual(missing, [{ name: "c", key: "web_c" }]);
  deepStrictEqual(hostPorts, ["HOSTPORTAUTO1"]);
});

Deno.test("git URLs are the same by https and ssh", () => {
  const forms = [
    "https://example.com/team/web.git",
    "https://user:secret@example.com/team/web",
    "git@example.com:team/web.git",
    "ssh://git@example.com/team/web.git\n",
  ];
  deepStrictEqual([...new Set(forms.map(normalizeGitUrl))], ["example.com/team/web"]);
});

Deno.test("a cluster id is the name and 1 to 65535", () => {
  strictEqual(newClusterId("demo", () => 0), "demo-1");
  strictEqual(newClusterId("demo", () => 0.9999999), "demo-65535");
});
