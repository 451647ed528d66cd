import assert from "node:assert/strict";
import { defaultProxyConf } from "../conf/mod.ts";
import type { ProxyStatus } from "./status.ts";
import { formatStatus } from "./status_text.ts";

const status: ProxyStatus = {
  version: "0.1.0",
  pid: 4711,
  since: "2026-01-02T03:04:05.678Z",
  engine: "linux",
  workers: 2,
  draining: false,
  confFile: "/h/proxy.conf",
  successor: null,
  host: "10.0.0.1",
  podHost: "10.0.0.1",
  port: 32767,
  clusterPorts: "61000-61999",
  listeners: { open: 998, wanted: 1001, missing: "61005-61007" },
  sessions: 3,
  connections: 6,
  idle: 2,
  openFiles: { soft: 1024, hard: 1024 },
  reloads: 1,
  lastReload: "2026-01-02T03:05:00.000Z",
  problems: [{ file: "/p/hosts.conf", problem: 'line 2: "x" is not address:port' }],
  waitsForRestart: ["WORKERS 3"],
  hosts: [
    { host: "10.0.0.1:32767", own: true, address: "10.0.0.1:32767", active: 1, remembered: [] },
    {
      host: "h2:32767",
      own: false,
      address: "10.0.0.2:32767",
      active: 2,
      remembered: [
        { port: 61001, answer: "ok", seconds: 299 },
        { port: 61003, answer: "refused", seconds: 4 },
        { port: 61002, answer: "ok", seconds: 12 },
      ],
    },
    {
      host: "h3:32767",
      own: false,
      address: null,
      active: 0,
      remembered: [{ port: null, answer: "down", seconds: 9 }],
    },
  ],
  mappings: [
    { clusterPort: 61000, hostPort: 30001, maxConn: 100, sendProxy: true, active: 1 },
    { clusterPort: 61004, hostPort: 3000, maxConn: 4096, sendProxy: false, active: 0 },
  ],
  settings: defaultProxyConf("/p"),
};

Deno.test("the status for people", () => {
  assert.equal(
    formatStatus(status),
    `proxy        0.1.0, pid 4711, since 2026-01-02 03:04:05 UTC
state        serving
engine       linux, 2 workers
listens on   10.0.0.1, ports 61000-61999, for other hosts 32767
listeners    998 of 1001
missing      61005-61007
serves       3 with 6 connections, 2 idle
last reload  2026-01-02 03:05:00 UTC
on restart   WORKERS 3
problem      /p/hosts.conf: line 2: "x" is not address:port

HOST            ADDRESS         ACTIVE  REMEMBERED
10.0.0.1:32767  own             1
h2:32767        10.0.0.2:32767  2       ok 61001-61002, refused 61003
h3:32767        no address      0       down

CLUSTER PORT  POD             ACTIVE  LIMIT  PROXY HEADER
61000         10.0.0.1:30001  1       100    yes
61004         10.0.0.1:3000   0       4096   no
`,
  );
});
