import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { diagnose, type Finding } from "./diagnose.ts";
import { parseFacts } from "./facts.ts";
import type { Answer } from "./outside.ts";

const NOW = Date.UTC(2026, 0, 1);
const HEALTHY: Record<string, string> = {
  time: String(NOW / 1000),
  machine: "x86_64",
  image: "localhost/web:1 amd64",
  systemd: "yes",
  firewall: "nftables",
  user: "sns",
  cluster: "demo-1",
  disk: "100000000 50000000",
  inodes: "1000000 900000",
  containers: "web/release/1.0.0",
  podman: "4.9.3",
  storage: "overlay",
  subuid: "65536",
  subgid: "65536",
  linger: "yes",
  daemon: "active",
  ip_unprivileged_port_start: "80",
  max_user_instances: "128",
  simplenetesd: "0.1.0",
  "simplenetes-proxy": "0.1.0",
  reach: "10.0.0.2:32767 yes",
};

const outside = (text: string) =>
  new Map(
    text.split(",").map((each): [number, Answer] => {
      const [port, answer] = each.split(" ");
      return [Number(port), answer as Answer];
    }),
  );

/** Findings that are not ok, with some facts otherwise; `undefined` ones are missing. */
function trouble(changes: Record<string, string | undefined>): Finding[] {
  const facts = Object.entries({ ...HEALTHY, ...changes })
    .map(([name, text]) => text === undefined ? "" : `${name}\t${text}\n`).join("");
  return diagnose(parseFacts(`Welcome to this host!\n${facts}`), {
    host: "h1",
    clusterId: "demo-1",
    version: "0.1.0",
    pods: ["proxy", "web", "ingress"],
    others: new Map([["10.0.0.2:32767", "h2"]]),
    nowMs: NOW,
    expose: ["22", "443"],
    outside: outside(changes.outside ?? "22 open,443 refused"),
  }).filter(({ level }) => level !== "ok");
}

Deno.test("a healthy host", () => deepStrictEqual(trouble({}), []));

for (
  const [changes, expected] of [
    [
      { machine: "aarch64" },
      /^error images the image localhost\/web:1 is for amd64, this host is arm64: podman pull --arch=arm64/,
    ],
    [{ image: "a:1 riscv64" }, /^error images the image a:1 is for riscv64, this host is amd64/],
    [
      { firewall: undefined },
      /^warning firewall no firewall is active.*: sns host setup install h1$/,
    ],
    [
      { outside: "22 open,443 silent" },
      /^error firewall port 443 is in EXPOSE, but nothing answers/,
    ],
    [
      { outside: "443 silent", firewall: "ufw" },
      /^error firewall port 443 .*: sns host setup install h1; /,
    ],
    [
      { outside: "443 silent", firewall: "firewalld" },
      /^error firewall port 443 .*: sns host setup install h1; /,
    ],
    [
      { outside: "22 open,5432 open" },
      /^warning firewall port 5432 is open to this machine, and not/,
    ],
    [{ outside: "22 open,32767 open" }, /^warning firewall the proxy's port 32767 is open/],
    [{ cluster: undefined }, /^error home is not initialised: sns host init h1$/],
    [
      { cluster: "other-2" },
      /^error home belongs to the cluster other-2: sns host init h1 --force$/,
    ],
    [{ disk: "100000000 900000" }, /^error disk 0 % of the disk is free/],
    [{ disk: "100000000 9000000" }, /^warning disk 9 %/],
    [{ inodes: "1000000 500" }, /^error inodes 0 %/],
    [{ time: String(NOW / 1000 - 90) }, /^error clock is 90 s away/],
    [{ time: String(NOW / 1000 + 6) }, /^warning clock is 6 s away/],
    [{ podman: undefined }, /^error podman podman is missing, web\/release\/1\.0\.0 needs it/],
    [{ podmanError: "cannot clone: EPERM" }, /^error podman .*cannot clone: EPERM/],
    [{ podman: "3.4.4" }, /^error podman podman 3\.4\.4 is older than 4\.3/],
    [{ storage: "vfs" }, /^warning podman .*storage driver vfs/],
    [{ subuid: "0" }, /^error ids \/etc\/subuid gives sns 0 ids.*: sns host setup install h1$/],
    [{ linger: "no" }, /^error linger .*: sns host setup install h1$/],
    [{ daemon: "failed" }, /^error daemon .* is failed: .*: sns host setup install h1$/],
    [{ daemon: "" }, /^error daemon .* is not there/],
    [{ simplenetesd: "0.0.9" }, /^warning daemon simplenetesd is 0\.0\.9, sns here is 0\.1\.0/],
    [{ "simplenetes-proxy": undefined }, /^warning proxy simplenetes-proxy is not in the PATH/],
    [{ ip_unprivileged_port_start: "1024" }, /^error ports ports below 1024 are closed/],
    [{ max_user_instances: "64" }, /^warning inotify /],
    [
      { reach: "10.0.0.2:32767 no" },
      /^error reach cannot connect to the proxy of h2 at 10\.0\.0\.2/,
    ],
    [
      { certificate: "pods/letsencrypt/data/x/certs/a.pem AAAA" },
      /^error certificates .* is no cert/,
    ],
  ] as const
) {
  Deno.test(`found: ${JSON.stringify(changes)}`, () => {
    const found = trouble(changes);
    const said = found.map(({ level, check, message, mend }) =>
      `${level} ${check} ${message}: ${mend}`
    );
    strictEqual(said.length, 1, said.join("\n"));
    match(said[0]!, expected);
  });
}

Deno.test("without containers nothing is asked of podman", () => {
  const none = { containers: undefined, podman: undefined, subuid: "0", subgid: "0", linger: "no" };
  deepStrictEqual(trouble(none), []);
});

Deno.test("what cannot be known is no trouble", () => {
  const names = ["linger", "daemon", "disk", "inodes", "reach", "max_user_instances"];
  deepStrictEqual(trouble(Object.fromEntries(names.map((name) => [name, undefined]))), []);
  deepStrictEqual(trouble({ reach: "10.0.0.2:32767 unknown" }), []);
});

Deno.test("whatever a host prints, there is an answer", () => {
  const name = fc.constantFrom(...Object.keys(HEALTHY), "certificate", "podmanError");
  fc.assert(fc.property(name, fc.string(), (fact, text) => {
    for (const { message } of trouble({ [fact]: text })) ok(message.length > 0);
  }));
});
