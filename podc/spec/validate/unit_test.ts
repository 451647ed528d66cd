import assert from "node:assert/strict";
import {
  assertErrors,
  containerOf,
  containerPod,
  executableIn,
  executablePod,
  messagesOf,
} from "./validate_testing.ts";

const unitsWith = (lines: string) => [
  containerOf(containerPod(lines, "volumes: [{name: conf, type: config}]")),
  executableIn(executablePod(`command: [x]\n${lines}`)),
];
const eitherPod = [
  (lines: string) => containerPod(lines),
  (lines: string) => executablePod(`command: [x]\n${lines}`),
];

Deno.test("restart: every policy, of containers and executables", () => {
  for (const policy of ["always", "on-failure", "on-config", "never"]) {
    for (const unit of unitsWith(`restart: ${policy}`)) {
      assert.deepEqual([unit.restart, unit.intervalSeconds], [policy, undefined]);
    }
  }
  for (const unit of unitsWith("restart: on-interval:3600")) {
    assert.deepEqual([unit.restart, unit.intervalSeconds], ["on-interval", 3600]);
  }
});

Deno.test("restart: what is wrong", () => {
  for (const pod of eitherPod) {
    assertErrors(pod, [
      ["restart: always:5", /restart is "always:5"/],
      ["restart: on-failure:3", /restart is "on-failure:3"/],
      ["restart: on-interval", /restart is "on-interval"/],
      ["restart: 'on-interval:'", /restart is "on-interval:"/],
      ["restart: on-interval:0", /restart is "on-interval:0"/],
      ["restart: on-interval:1m", /restart is "on-interval:1m"/],
      ["restart: unless-stopped", /restart is "unless-stopped"/],
    ]);
  }
});

Deno.test("signal: a signal or a command", () => {
  for (const unit of unitsWith("signal: [{sig: SIGHUP}]")) {
    assert.deepEqual(unit.signal, { kind: "sig", name: "HUP" });
  }
  for (const unit of unitsWith('signal:\n- cmd: [nginx, "-s", "re load"]')) {
    assert.deepEqual(unit.signal, { kind: "cmd", argv: ["nginx", "-s", "re load"] });
  }
  for (const unit of unitsWith("signal: []")) assert.equal(unit.signal, undefined);
  for (const pod of eitherPod) {
    assertErrors(pod, [
      ["signal: [{sig: HUP}, {sig: TERM}]", /one entry only/],
      ["signal: [{sig: HUP, cmd: [a]}]", /cmd cannot stand beside sig/],
      ["signal: [{}]", /neither sig nor cmd/],
      ["signal: {sig: HUP}", /signal must be a list/],
      ["signal: [{sig: hup}]", /sig is "hup"/],
      ["signal: [{sig: 1}]", /sig is "1"/],
      ["signal: [{cmd: []}]", /cmd has no words/],
      ["signal: [{cmd: ['']}]", /first word of cmd is empty/],
    ]);
  }
});

Deno.test("probes: defaults, and all keys", () => {
  for (const key of ["readinessProbe", "livenessProbe"] as const) {
    const lines = `restart: always\nexpose: [{hostPort: 8080, targetPort: 8080}]\n${key}: `;
    for (const unit of unitsWith(`${lines}{cmd: [a, "b c"]}`)) {
      assert.deepEqual(unit[key], {
        argv: ["a", "b c"],
        timeoutSeconds: 120,
        intervalSeconds: 10,
        initialDelaySeconds: 0,
        failureThreshold: 1,
      });
    }
    const all = "{cmd: [a], timeout: 1, interval: 2, initialDelay: 3, failureThreshold: 4}";
    for (const unit of unitsWith(lines + all)) {
      assert.deepEqual(unit[key], {
        argv: ["a"],
        timeoutSeconds: 1,
        intervalSeconds: 2,
        initialDelaySeconds: 3,
        failureThreshold: 4,
      });
    }
    for (const pod of eitherPod) {
      assertErrors(pod, [
        [`${key}: {}`, /has no cmd/],
        [`${key}: {cmd: []}`, /cmd has no words/],
        [`${key}: {cmd: [""]}`, /first word of cmd is empty/],
        [`${key}: {cmd: [a], timeout: 0}`, /timeout is "0"/],
        [`${key}: {cmd: [a], timeout: 10s}`, /timeout is "10s"/],
        [`${key}: {cmd: [a], interval: 0}`, /interval is "0"/],
        [`${key}: {cmd: [a], initialDelay: -1}`, /initialDelay is "-1"/],
        [`${key}: {cmd: [a], failureThreshold: 0}`, /failureThreshold is "0"/],
        [`${key}: {cmd: [a], exit: true}`, /has no key "exit"/],
        [`${key}: [a]`, /must be a mapping/],
      ]);
    }
  }
});

Deno.test("startupProbe: an end, a command, or signals alone", () => {
  const probes: [string, unknown][] = [
    ["{exit: true}", { timeoutSeconds: 120, check: { kind: "exit" }, signals: [] }],
    ["{cmd: [a], timeout: 5, exit: false}", {
      timeoutSeconds: 5,
      check: { kind: "cmd", argv: ["a"] },
      signals: [],
    }],
  ];
  for (const [text, expected] of probes) {
    for (const unit of unitsWith(`startupProbe: ${text}`)) {
      assert.deepEqual(unit.startupProbe, expected);
    }
  }
  const own = containerPod("signal: [{sig: HUP}]\nstartupProbe: {signal: [{container: web}]}");
  assert.deepEqual(containerOf(own).startupProbe, {
    timeoutSeconds: 120,
    check: { kind: "none" },
    signals: ["web"],
  });
  assert.deepEqual(messagesOf(own, "warning"), []);
  for (const pod of eitherPod) {
    assertErrors(pod, [
      ["startupProbe: {}", /waits for nothing/],
      ["startupProbe: {timeout: 3}", /waits for nothing/],
      ["startupProbe: {exit: true, cmd: [a]}", /cmd cannot stand beside exit/],
      ["startupProbe: {exit: yes}", /exit is "yes"/],
      ["startupProbe: {cmd: []}", /cmd has no words/],
    ]);
  }
  assertErrors(containerPod, [
    ["startupProbe: {signal: [{container: wbe}]}", /no container "wbe" to signal/],
    ["startupProbe: {signal: [{}]}", /has no container/],
  ]);
});

Deno.test("stopTimeout and stopSignal", () => {
  for (const unit of unitsWith("stopTimeout: 0\nstopSignal: QUIT")) {
    assert.deepEqual([unit.stopTimeoutSeconds, unit.stopSignal], [0, "QUIT"]);
  }
  const { stopSignal } = containerOf(containerPod("stopSignal: SIGRTMIN+3"));
  assert.equal(stopSignal, "RTMIN+3");
  for (const pod of eitherPod) {
    assertErrors(pod, [
      ["stopTimeout: 10s", /stopTimeout is "10s"/],
      ["stopTimeout: -1", /stopTimeout is "-1"/],
      ["stopSignal: TREM", /stopSignal is "TREM"/],
      ["stopSignal: RTMIN+16", /stopSignal is "RTMIN\+16"/],
    ]);
  }
});

Deno.test("units: what is legal but surely unwanted is a warning", () => {
  const table: [string, RegExp | undefined][] = [
    ["livenessProbe: {cmd: [a]}", /not started again/],
    ["restart: never\nlivenessProbe: {cmd: [a]}", /not started again/],
    ["restart: on-failure\nlivenessProbe: {cmd: [a]}", undefined],
    ["restart: on-config", /without any config/],
    ["restart: always\nstartupProbe: {exit: true}", /again at once/],
    ["restart: on-interval:5\nstartupProbe: {exit: true}", undefined],
  ];
  for (const pod of eitherPod) {
    for (const [lines, expected] of table) {
      const warnings = messagesOf(pod(lines), "warning");
      assert.equal(warnings.length, expected ? 1 : 0, `${lines}\n${warnings.join("\n")}`);
      if (expected) assert.match(warnings[0]!, expected);
    }
  }
  const config = "volumes: [{name: conf, type: config}]";
  const mounted = containerPod(
    "restart: on-config\nmounts: [{volume: conf, dest: /c}]",
    config,
  );
  assert.deepEqual(messagesOf(mounted, "warning"), []);
  const signalled = containerPod("restart: on-config\nstartupProbe: {signal: [{container: web}]}");
  assert.deepEqual(messagesOf(signalled, "warning"), []);
  const executable = executablePod("command: [x]\nrestart: on-config", config);
  assert.deepEqual(messagesOf(executable, "warning"), []);
});

Deno.test("units: probes and signals that reach nobody are worth a warning", () => {
  const readiness = "readinessProbe: {cmd: [a]}";
  const warnings = (lines: string) => messagesOf(containerPod(lines), "warning");
  assert.match(warnings(readiness).join(), /exposes no port/);
  assert.deepEqual(warnings(`${readiness}\nnetwork: host`), []);
  assert.deepEqual(warnings(`${readiness}\nexpose: [{hostPort: 8080, targetPort: 80}]`), []);
  assert.match(
    warnings("startupProbe: {signal: [{container: web}]}").join(),
    /does nothing when it is signalled/,
  );
});
