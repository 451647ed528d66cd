import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePodStatus } from "./status_file.ts";

const FILE = `pod: web-1.0.0
podVersion: 1.0.0
hostPorts: 8080 8081
created: 1700000000
started: 1700000001
updated: 1700000009
status: running
pid: 4711
readiness: 1
containers:
    - name: nginx
      container: nginx-web-1.0.0
      image: example.com/nginx:1
      imageExists: true
      restart: always
      mounts: a:/b
      ports: 127.0.0.1:8080:80
      network: 
      startCount: 3
      status: running
    - name: job
      container: job-web-1.0.0
      startCount: 1
      status: exited
      exitCode: 137
`;

Deno.test("parsePodStatus: all of a status file", () => {
  const { containers, ...header } = parsePodStatus(FILE);
  assert.deepEqual(header, {
    pod: "web-1.0.0",
    podVersion: "1.0.0",
    status: "running",
    readiness: true,
    created: 1700000000,
    started: 1700000001,
    updated: 1700000009,
    pid: 4711,
  });
  assert.deepEqual(
    containers.map((
      { name, status, startCount, exitCode },
    ) => [name, status, startCount, exitCode]),
    [["nginx", "running", 3, undefined], ["job", "exited", 1, 137]],
  );
  assert.equal(containers[0]!.fields.get("ports"), "127.0.0.1:8080:80");
  assert.equal(containers[0]!.fields.get("network"), "");
});

Deno.test("parsePodStatus: empty and missing values are absent", () => {
  const text = "pod: x-1.0.0\nstatus: removed\ncreated: \nstarted:\npid: \nreadiness: 0\n";
  assert.deepEqual(parsePodStatus(text), {
    pod: "x-1.0.0",
    podVersion: "",
    status: "removed",
    readiness: false,
    containers: [],
  });
  assert.equal(parsePodStatus("").status, "unknown");
});

Deno.test("parsePodStatus: the pod's own keys are not those of a container", () => {
  const status = parsePodStatus(
    "status: running\ncontainers:\n    - name: a\n      status: exited\n",
  );
  assert.equal(status.status, "running");
});

Deno.test("parsePodStatus: takes any text, also half a file (property)", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat(FILE.length), (noise, cut) => {
    assert.equal(typeof parsePodStatus(noise).readiness, "boolean");
    assert.ok(parsePodStatus(FILE.slice(0, cut)).containers.length <= 2);
  }));
});
