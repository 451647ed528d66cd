import assert from "node:assert/strict";
import fc from "fast-check";
import { type Diagnostic, formatDiagnostic } from "./diagnostic.ts";

const at = (line: number, column: number, length = 1): Diagnostic => ({
  severity: "error",
  message: "it is wrong",
  file: "pod.yaml",
  position: { line, column, length },
});

Deno.test("formatDiagnostic: place, line, caret, hint", () => {
  assert.equal(
    formatDiagnostic({ ...at(2, 4, 3), hint: "try this" }, "a: 1\r\nb: foo bar\r\n"),
    "pod.yaml:2:4: error: it is wrong\n    b: foo bar\n       ^^^\n    hint: try this",
  );
  assert.equal(
    formatDiagnostic({ severity: "warning", message: "all of it", file: "f" }, "x"),
    "f: warning: all of it",
  );
});

Deno.test("formatDiagnostic: the caret stands below what it means", () => {
  const caret = (source: string, column: number, length = 1) =>
    formatDiagnostic(at(1, column, length), source).split("\n").slice(1);
  assert.deepEqual(caret("\tkey: x", 7), ["    \tkey: x", "    \t     ^"]);
  assert.deepEqual(caret("日本: x", 5), ["    日本: x", "          ^"]);
  assert.deepEqual(caret("日本: x", 1, 2), ["    日本: x", "    ^^^^"]);
  assert.deepEqual(caret("e\u0301: x", 5), ["    e\u0301: x", "       ^"]);
  assert.deepEqual(caret("🎉 x", 4), ["    🎉 x", "       ^"]);
  assert.deepEqual(caret("abc", 4, 9), ["    abc", "       ^"]);
  assert.deepEqual(caret("a\x1b[31m", 1), ["    a\ufffd[31m", "    ^"]);
});

Deno.test("formatDiagnostic: of long lines only the part that matters", () => {
  const source = "x".repeat(5000) + "WRONG" + "y".repeat(5000);
  const [, text, caret] = formatDiagnostic(at(1, 5001, 5), source).split("\n");
  assert.ok(text!.length < 200);
  assert.equal(text!.slice(caret!.indexOf("^"), caret!.lastIndexOf("^") + 1), "WRONG");
});

Deno.test("formatDiagnostic: always one caret line, whatever the place (property)", () => {
  const number = fc.integer({ min: 1, max: 400 });
  const source = fc.string({ unit: "binary", maxLength: 400 });
  fc.assert(fc.property(source, number, number, (text, column, length) => {
    const [, line, caret] = formatDiagnostic(at(1, column, length), text).split("\n");
    assert.ok(line !== undefined);
    assert.match(caret!, /^[ \t]*\^+$/);
  }));
});
