import assert from "node:assert/strict";
import {
  assertErrors,
  compile,
  executableIn,
  executablePod,
  messagesOf,
} from "./validate_testing.ts";

Deno.test("pod: the header keys", () => {
  const pod = (text: string) => compile(`${text}\n`);
  const good = "api: 1.0.0\npodVersion: 1.0.0\n";
  assertErrors(pod, [
    ["api: 1.0.0", /the pod has no podVersion/],
    ["podVersion: 1.0.0", /the pod has no api/],
    ["api: 1.0.1\npodVersion: 1.0.0", /api is "1.0.1"/],
    ["api: 1.0.0\npodVersion: 1.0", /podVersion is "1.0"/],
    [good + "runtime: docker", /runtime is "docker"/],
    [good + "verison: 1", /has no key "verison"/],
    ["[a]", /the pod must be a mapping, this is a list/],
    ["just text", /the pod must be a mapping, this is text/],
    ["# nothing", /there is no pod in this file/],
  ]);
  for (const api of ["1.0.0-beta1", "1.0.0-beta2", "'1.0.0'"]) {
    assert.deepEqual(pod(`api: ${api}\npodVersion: "1.0.0-rc.1"`).diagnostics, [], api);
  }
});

Deno.test("pod: updateOrder", () => {
  const pod = (order: string) =>
    compile(`api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\n${order}\n`);
  const command = "executable: {command: [serve]}";
  assert.equal(pod(`updateOrder: start-first\n${command}`).spec?.startsFirst, true);
  assert.equal(pod(`updateOrder: any\n${command}`).spec?.startsFirst, undefined);
  assertErrors(pod, [[
    "updateOrder: stop-first\nexecutable: {command: [serve]}",
    /updateOrder is "stop-first"/,
  ]]);
  const file = "updateOrder: start-first\nexecutable: {file: /bin/pod}";
  assert.match(messagesOf(pod(file), "warning").join(), /updateOrder has no effect beside file/);
});

Deno.test("pod: labels", () => {
  const labels = (text: string) => compile(`api: 1.0.0\npodVersion: 1.0.0\nlabels: [${text}]\n`);
  assert.deepEqual(labels("{name: zzz/x, value: $(id) = '}, {name: b}").spec?.labels, [
    { name: "zzz/x", value: "$(id) = '" },
    { name: "b", value: "" },
  ]);
  assertErrors(labels, [
    ["{value: x}", /has no name/],
    ["{name: a b}", /a word without =/],
    ["{name: a=b}", /a word without =/],
    ["{name: -a}", /a word without =/],
    ["{name: simplenetes.name}", /simplenetes/],
    ["{name: a}, {name: a}", /label "a" is defined twice/],
  ]);
});

Deno.test("executable: a command, watched by the pod", () => {
  const output = executablePod(
    "command: [./serve, '$X']\nenv: [{name: A, value: b}]\nrestart: always\nexpose: [{hostPort: 8080}]",
    "volumes: [{name: conf, type: config}]",
  );
  assert.deepEqual(executableIn(output), {
    name: "app",
    command: ["./serve", "$X"],
    env: [{ name: "A", value: "b" }],
    restart: "always",
    expose: [{
      port: { hostPort: 8080, targetPort: 8080, maxConn: 4096, sendProxy: false },
      ingress: [],
    }],
  });
  assert.deepEqual(output.diagnostics, []);
});

Deno.test("executable: a file that is the pod itself", () => {
  const output = executablePod("file: bin/pod\nexpose: [{hostPort: 80}]");
  assert.ok(output.spec?.kind === "executable-file");
  assert.equal(output.spec.file, "/base/dir/bin/pod");
  assert.deepEqual(output.artifacts, {
    pod: { copyOf: "/base/dir/bin/pod" },
    portMappings: "",
    ingress: "",
  });
  assert.match(messagesOf(output, "warning").join(), /expose has no effect beside file/);
});

Deno.test("executable: what is wrong", () => {
  assertErrors(executablePod, [
    ["restart: always", /executable has no command/],
    ["command: []", /executable has no command/],
    ["command: ['']", /executable has no command/],
    ["command: serve", /command must be a list/],
    ["command: [x]\nfile: y", /file cannot stand beside command/],
    ["command: [x]\nimage: y", /executable has no key "image"/],
    ["command: [x]\nreadinessProbe: {cmd: []}", /cmd has no words/],
    ["command: [x]\nstartupProbe: {cmd: [y], signal: [{container: web}]}", /has no key "signal"/],
    ["command: [x]\nuser: root", /has no key "user"/],
    ["command: [x]\nmounts: []", /has no key "mounts"/],
    ["command: [x]\npull: always", /has no key "pull"/],
    ["command: [x]\nenv: [{name: A}, {name: A}]", /variable "A" is defined twice/],
  ]);
});

Deno.test("executable: belongs to its runtime", () => {
  const pod = (text: string) => compile(`api: 1.0.0\npodVersion: 1.0.0\n${text}\n`);
  assertErrors(pod, [
    ["executable: {command: [x]}", /executable needs runtime: executable/],
    ["runtime: podman\nexecutable: {command: [x]}", /cannot stand in a pod of runtime podman/],
    ["runtime: executable", /runtime executable without executable/],
    ["runtime: executable\nexecutable: {command: [x]}\ncontainers: []", /containers cannot stand/],
    [
      "runtime: executable\nexecutable: {command: [x]}\nvolumes: [{name: a, type: volume}]",
      /cannot mount a volume of type volume/,
    ],
  ]);
});
