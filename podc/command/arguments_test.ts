import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";

const DEFAULTS = {
  podName: undefined,
  file: "pod.yaml",
  outfile: undefined,
  dir: undefined,
  preprocess: true,
  sourceEnv: false,
  undefinedVariables: "error",
  check: false,
};

Deno.test("parseArguments: what can be asked for", () => {
  const table: readonly (readonly [string[], object])[] = [
    [[], {}],
    [["web"], { podName: "web" }],
    [["-f", "a.yaml", "web"], { file: "a.yaml", podName: "web" }],
    [["--file=a.yaml", "--outfile=o", "--dir=/d"], { file: "a.yaml", outfile: "o", dir: "/d" }],
    [["--file", "a.yaml", "--outfile", "o", "--dir", "d"], {
      file: "a.yaml",
      outfile: "o",
      dir: "d",
    }],
    [["-p", "false"], { preprocess: false }],
    [["--preprocess=true", "-e"], { sourceEnv: true }],
    [["--source-env", "--undefined=empty", "--check"], {
      sourceEnv: true,
      undefinedVariables: "empty",
      check: true,
    }],
    [["--undefined", "error", "--", "web"], { podName: "web" }],
  ];
  for (const [args, expected] of table) {
    assert.deepEqual(parseArguments(args), { arguments: { ...DEFAULTS, ...expected } });
  }
});

Deno.test("parseArguments: wrong usage says what and ends with 2", () => {
  const wrong = [
    ["a", "b"],
    ["--nonsense"],
    ["-f"],
    ["-p", "maybe"],
    ["-p=false"],
    ["-f", "a", "-f", "b"],
    ["--undefined=no"],
    ["--check=1"],
  ];
  for (const args of wrong) {
    const parsed = parseArguments(args);
    assert.ok("exitCode" in parsed && parsed.exitCode === 2, args.join(" "));
    assert.match(parsed.stderr, /^Usage: podc[^]*\[ERROR\] /);
    assert.equal(parsed.stdout, "");
  }
});

Deno.test("parseArguments: help and version go to stdout", () => {
  for (const option of ["-h", "--help"]) {
    const parsed = parseArguments([option]);
    assert.ok("exitCode" in parsed && parsed.exitCode === 0);
    assert.match(parsed.stdout, /Usage: podc/);
  }
  for (const option of ["-V", "--version"]) {
    const parsed = parseArguments([option]);
    assert.ok("exitCode" in parsed && parsed.exitCode === 0);
    assert.match(parsed.stdout, /^podc [0-9.]+\napi 1\.0\.0\n$/);
  }
});
