import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatPodAction,
  parsePodAction,
  parsePodState,
  POD_STATES,
  rerunCall,
  runCall,
  stateCall,
} from "./action.ts";

Deno.test("parsePodState: the three states, with blanks around", () => {
  for (const state of POD_STATES) assert.equal(parsePodState(`${state}\n`), state);
  for (const text of ["", "Running", "running stopped", "paused"]) {
    assert.equal(parsePodState(text), undefined);
  }
});

Deno.test("calls: as the compiled pod takes them", () => {
  assert.deepEqual(runCall(), ["run"]);
  assert.deepEqual(runCall("10.0.0.1"), ["run", "--host-interface=10.0.0.1"]);
  assert.deepEqual(rerunCall([], "10.0.0.1"), ["rerun", "--host-interface=10.0.0.1"]);
  assert.deepEqual(rerunCall(["a", "b"], "10.0.0.1"), ["rerun", "a", "b"]);
  assert.deepEqual(stateCall("running", "::1"), ["run", "--host-interface=::1"]);
  assert.deepEqual(stateCall("stopped", "::1"), ["stop"]);
  assert.deepEqual(stateCall("removed"), ["rm"]);
});

Deno.test("parsePodAction: only rerun, only plain names", () => {
  assert.deepEqual(parsePodAction(" rerun \n"), { containers: [] });
  assert.deepEqual(parsePodAction("rerun a  b\n"), { containers: ["a", "b"] });
  for (const text of ["", "stop", "rerun --kill", "rerun a;b", "rerun ../a", "rerunner"]) {
    assert.equal(parsePodAction(text), undefined, text);
  }
});

Deno.test("formatPodAction: the inverse of parsePodAction (property)", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
  fc.assert(fc.property(fc.array(name, { maxLength: 4 }), (containers) => {
    assert.deepEqual(parsePodAction(formatPodAction(containers)), { containers });
  }));
});
