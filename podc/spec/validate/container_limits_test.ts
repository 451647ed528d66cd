import assert from "node:assert/strict";
import { assertErrors, containerOf, containerPod } from "./validate_testing.ts";

Deno.test("limits: all keys", () => {
  const container = containerOf(containerPod(`pull: always
user: app:1000
readOnly: true
capAdd: [NET_ADMIN, CAP_SYS_TIME, NET_ADMIN]
capDrop: [ALL]
tmpfs: [{dest: /cache, size: 2G}, {dest: /run}]
resources: {cpus: 0.50, memory: 1G, pids: 100}`));
  const { pull, user, readOnly, capAdd, capDrop, tmpfs, resources } = container;
  assert.deepEqual({ pull, user, readOnly, capAdd, capDrop, tmpfs, resources }, {
    pull: "always",
    user: "app:1000",
    readOnly: true,
    capAdd: ["NET_ADMIN", "SYS_TIME"],
    capDrop: ["ALL"],
    tmpfs: [{ dest: "/cache", sizeMiB: 2048 }, { dest: "/run" }],
    resources: { cpus: 0.5, memoryBytes: 2 ** 30, pids: 100 },
  });
});

Deno.test("limits: nothing said leaves nothing", () => {
  const container = containerOf(containerPod("readOnly: false\ncapAdd: []\ntmpfs:\nresources: {}"));
  const keys = ["readOnly", "capAdd", "tmpfs", "resources", "pull", "user"] as const;
  assert.deepEqual(keys.filter((key) => key in container), []);
});

Deno.test("limits: sizes in all units", () => {
  const memory = (text: string) =>
    containerOf(containerPod(`resources: {memory: ${text}}`)).resources?.memoryBytes;
  assert.deepEqual(["5K", "5M", "5G"].map(memory), [5120, 5 * 2 ** 20, 5 * 2 ** 30]);
});

Deno.test("limits: what is wrong", () => {
  assertErrors(containerPod, [
    ["pull: newer", /pull is "newer"/],
    ["user: ''", /user is ""/],
    ["user: a:b:c", /user is "a:b:c"/],
    ["user: -v", /user is "-v"/],
    ["readOnly: 1", /readOnly is "1"/],
    ["capAdd: [NET_ADMN]", /capAdd\[0\] is "NET_ADMN"/],
    ["capAdd: NET_ADMIN", /capAdd must be a list/],
    ["capAdd: [CHOWN]\ncapDrop: [KILL, CHOWN]", /capDrop has CHOWN, which capAdd on line/],
    ["tmpfs: [/tmp]", /tmpfs\[0\] must be a mapping/],
    ["tmpfs: [{dest: tmp}]", /absolute path/],
    ["tmpfs: [{dest: /a}, {dest: /b/../a}]", /mounted at "\/a" already/],
    ["tmpfs: [{dest: /a, size: 5}]", /size is "5"/],
    ["resources: {cpus: 0}", /cpus is "0"/],
    ["resources: {cpus: -1}", /cpus is "-1"/],
    ["resources: {cpus: 1e3}", /cpus is "1e3"/],
    ["resources: {memory: 512}", /memory is "512"/],
    ["resources: {memory: 1.5G}", /memory is "1.5G"/],
    ["resources: {pids: 0}", /pids is "0"/],
    ["resources: {limits: {cpus: 1}}", /has no key "limits"/],
    ["resources: [1]", /resources must be a mapping/],
  ]);
});
