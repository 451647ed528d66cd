import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";

const DEFAULTS = {
  pods: [],
  file: undefined,
  outfile: undefined,
  dir: undefined,
  preprocess: true,
  sourceEnv: false,
  undefinedVariables: "error",
  check: false,
  json: false,
};

Deno.test("parseArguments: what can be asked for", () => {
  const table: readonly (readonly [string[], object])[] = [
    [[], {}],
    [["web"], { pods: ["web"] }],
    [["-f", "a.yaml", "web"], { file: "a.yaml", pods: ["web"] }],
    [["--file=a.yaml", "--outfile=o", "--dir=/d"], { file: "a.yaml", outfile: "o", dir: "/d" }],
    [["--file", "a.yaml", "--outfile", "o", "--dir", "d"], {
      file: "a.yaml",
      outfile: "o",
      dir: "d",
    }],
    [["a", "b/c", "--json"], { pods: ["a", "b/c"], json: true }],
    [["-p", "false"], { preprocess: false }],
    [["--preprocess=true", "-e"], { sourceEnv: true }],
    [["--source-env", "--undefined=empty", "--check"], {
      sourceEnv: true,
      undefinedVariables: "empty",
      check: true,
    }],
    [["--undefined", "error", "--", "web"], { pods: ["web"] }],
  ];
  for (const [args, expected] of table) {
    assert.deepEqual(parseArguments(args), { request: { ...DEFAULTS, ...expected } });
  }
});

Deno.test("parseArguments: wrong usage says what and ends with 2", () => {
  const wrong = [
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

Deno.test("parseArguments: the JSON Schema goes to stdout", () => {
  const parsed = parseArguments(["--schema"]);
  assert.ok("exitCode" in parsed && parsed.exitCode === 0);
  assert.equal(JSON.parse(parsed.stdout).title, "pod.yaml");
});
