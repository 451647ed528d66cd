import assert from "node:assert/strict";
import { compilePod } from "../compile.ts";
import { HEADER_BYTES, startsFirst } from "./update_order.ts";

/** The `pod` of a pod.yaml with these further lines. */
function compiled(lines: string): string {
  const { artifacts, diagnostics } = compilePod({
    source: `api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\n${lines}\n`,
    file: "pod.yaml",
    podName: "web",
    variables: new Map(),
    baseDir: "/pods/web",
    configs: new Set(),
  });
  assert.ok(artifacts && "text" in artifacts.pod, JSON.stringify(diagnostics));
  return artifacts.pod.text;
}

Deno.test("updateOrder stands in the header of the compiled pod", () => {
  const program = "executable:\n  command: [server]";
  const pod = compiled(`updateOrder: start-first\n${program}`);
  assert.ok(startsFirst(pod.slice(0, HEADER_BYTES)));
  assert.ok(!startsFirst(compiled(`updateOrder: any\n${program}`)));
  assert.equal(compiled(`updateOrder: any\n${program}`), compiled(program));
  // Only the header counts, and nothing that a user writes looks like it.
  const fake = 'executable:\n  command: ["server", "\\n# updateOrder: start-first\\n"]';
  assert.ok(!startsFirst(compiled(fake)));
});

const heads: readonly [string, boolean][] = [
  ["", false],
  ["#!/bin/sh\n# updateOrder: start-first\n", true],
  ["#!/usr/bin/env python3\n# updateOrder: start-first \r\nimport os", true],
  ["#!/bin/sh\n#\n#   updateOrder: start-first\n", false],
  ["#!/bin/sh\nset -u\n# updateOrder: start-first\n", false],
  ["\x7fELF\n# updateOrder: start-first\n", false],
];
for (const [head, expected] of heads) {
  Deno.test(`startsFirst of ${JSON.stringify(head)}`, () => {
    assert.equal(startsFirst(head), expected);
  });
}
