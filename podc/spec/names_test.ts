import assert from "node:assert/strict";
import fc from "fast-check";
import { compareVersions, isConfigName, isEnvName, isPodName, isVersion } from "./names.ts";

Deno.test("names: the rules", () => {
  const good = ["a", "web", "w2", "a_b", "a__b", "a".repeat(63)];
  const bad = ["", "A", "2a", "_a", "a_", "a-b", "a.b", "ä", "a ", "a\n", "a".repeat(64)];
  for (const name of good) assert.ok(isPodName(name), name);
  for (const name of bad) assert.ok(!isPodName(name), name);
  for (const name of ["a", "_a", "_web_2"]) assert.ok(isConfigName(name), name);
  for (const name of ["_", "__a", "_A", "_a_", "-a"]) assert.ok(!isConfigName(name), name);
  for (const name of ["A", "_", "a1_"]) assert.ok(isEnvName(name), name);
  for (const name of ["", "1a", "a-b", "a=b", "a\n"]) assert.ok(!isEnvName(name), name);
});

Deno.test("isVersion: three numbers and perhaps a pre-release", () => {
  for (const version of ["0.0.0", "1.2.3", "10.20.30-rc.1", "1.0.0-a-b", "1.0.0-"]) {
    assert.ok(isVersion(version), version);
  }
  for (const version of ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3-RC", "1.2.3+b", "1.2.3\n"]) {
    assert.ok(!isVersion(version), version);
  }
});

Deno.test("compareVersions: in ascending order", () => {
  const ascending = [
    "latest",
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0-1",
    "2.0.0-99999999999999999999",
    "2.0.0-a",
    "2.0.0",
    "99999999999999999999.0.0",
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
    }
  }
});

Deno.test("compareVersions: a total order (property)", () => {
  const version = fc.stringMatching(/^[0-2]\.0?[0-2]\.[0-2](-[0-1a.-]{0,4})?$/);
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a)), 0);
      assert.equal(compareVersions(a, b) === 0, a === b);
      if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) {
        assert.ok(compareVersions(a, c) < 0);
      }
    }),
    { numRuns: 500 },
  );
});
