import assert from "node:assert/strict";
import fc from "fast-check";
import { preprocess } from "./preprocess.ts";
import { LineIndex } from "./span.ts";

const values = (record: Record<string, string> = {}) => new Map(Object.entries(record));
const textOf = (source: string, variables = values()) =>
  preprocess(source, variables, "empty").text;
const linesWithErrors = (source: string, variables = values()) => {
  const index = new LineIndex(source);
  return preprocess(source, variables).findings
    .filter((finding) => finding.severity === "error")
    .map((finding) => index.place(finding.span?.start ?? -1).line);
};

Deno.test("preprocess: keeps what its directives say", () => {
  const block = (first: string) => `a\n${first}\nyes\n#else\nno\n#endif\nz\n`;
  const table: readonly (readonly [string, Record<string, string>, string])[] = [
    ["#ifdef ${x}", {}, "no"],
    ["#ifdef ${x}", { x: "" }, "no"],
    ["#ifdef ${x}", { x: "has a blank" }, "yes"],
    ["#ifdef x", {}, "yes"],
    ["#ifndef ${x}", {}, "yes"],
    ["#ifndef ${x}", { x: "false" }, "no"],
    ["#iftrue ${x}", { x: "true" }, "yes"],
    ["#iftrue ${x}", { x: "TRUE" }, "no"],
    ["#iftrue ${x}${y}", { x: "tr", y: "ue" }, "yes"],
    ["#ifntrue ${x}", { x: "true" }, "no"],
    ["#ifntrue ${x}", {}, "yes"],
  ];
  for (const [first, record, kept] of table) {
    assert.equal(textOf(block(first), values(record)), `a\n${kept}\nz\n`, first);
  }
});

Deno.test("preprocess: blocks nest, and what is off stays off", () => {
  const source =
    "#ifdef ${a}\n1\n#ifdef ${b}\n2\n#else\n3\n#endif\n4\n#else\n5\n#ifndef ${b}\n6\n#endif\n#endif\n";
  const table: readonly (readonly [Record<string, string>, string])[] = [
    [{ a: "1", b: "1" }, "124"],
    [{ a: "1" }, "134"],
    [{ b: "1" }, "5"],
    [{}, "56"],
  ];
  for (const [record, kept] of table) {
    assert.equal(textOf(source, values(record)).replaceAll("\n", ""), kept);
  }
});

Deno.test("preprocess: line ends are kept, directives may have either", () => {
  assert.equal(textOf("a\r\n#ifdef ${x}\r\nb\r\n#endif\r\nc"), "a\r\nc");
});

Deno.test("preprocess: values that look like directives or variables are plain text", () => {
  const variables = values({ a: "#ifdef ${b}\n#endif", b: "B" });
  assert.equal(textOf("${a}\n", variables), "#ifdef ${b}\n#endif\n");
});

Deno.test("preprocess: every malformed line is an error on its own line", () => {
  assert.deepEqual(linesWithErrors("#ifdef\n#endif\n"), [1]);
  assert.deepEqual(linesWithErrors("x\n #ifdef ${a}\n #endif\n"), [2, 3]);
  assert.deepEqual(linesWithErrors("#endif\n#else\n"), [1, 2]);
  assert.deepEqual(linesWithErrors("#ifdef ${a}\n#else\n#else\n#endif\n"), [3]);
  assert.deepEqual(linesWithErrors("#ifdef ${a}\n#iftrue ${b}\n"), [1, 2]);
  assert.deepEqual(linesWithErrors("#ifdef ${a}\n#endif x\n#ifdef ${a}\n#endif\n"), [2]);
  assert.deepEqual(linesWithErrors("# if\n#if a\n#ifdefx\n"), []);
});

Deno.test("preprocess: a variable without value is one error that names all its lines", () => {
  const source = "a: ${x}\n# ${x} ${y}\n#ifdef ${z}\n${dropped}\n#endif\nb: ${x}\n";
  const { findings, missing } = preprocess(source, values());
  assert.deepEqual(findings.map(({ message }) => message), [
    "variable x has no value (used on lines 2 and 6 too)",
    "variable y has no value",
  ]);
  assert.equal(missing.length, 4);
  const old = preprocess(source, values(), "empty");
  assert.deepEqual(old.findings.map(({ severity, message }) => `${severity}: ${message}`), [
    "warning: variable x has no value and is left empty (used on lines 2 and 6 too)",
    "warning: variable y has no value and is left empty",
  ]);
  assert.deepEqual(old.missing, []);
});

const line = fc.oneof(
  fc.constantFrom("#ifdef ${a}", "#ifndef ${b}", "#iftrue ${c}", "#else", "#endif", "#endif x"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("k: ${a}", "${b}${a} ${c}", "  - '${missing}'"),
);
const source = fc.array(line, { maxLength: 20 }).map((lines) => lines.join("\n"));
const someValues = fc.record({
  a: fc.constantFrom("", "x", "two\nlines", "${b}"),
  b: fc.string({ maxLength: 6 }),
  c: fc.constantFrom("true", "false"),
}).map((record) => values(record));

Deno.test("preprocess: every place of the text leads to a place in the source (property)", () => {
  fc.assert(
    fc.property(source, someValues, (text, variables) => {
      const result = preprocess(text, variables);
      for (let offset = 0; offset < result.text.length; offset++) {
        const { start, end } = result.map.toSource({ start: offset, end: offset + 1 });
        assert.ok(start >= 0 && start < end && end <= text.length);
        const original = text.slice(start, end);
        // Either the very same character, or the variable whose value it belongs to.
        if (original !== result.text[offset]) assert.match(original, /^\$\{[a-c]\}$/);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("preprocess: places keep their order, findings lie inside (property)", () => {
  fc.assert(
    fc.property(source, someValues, (text, variables) => {
      const { text: out, map, findings } = preprocess(text, variables);
      const starts = Array.from(out, (_, at) => map.toSource({ start: at, end: at + 1 }).start);
      assert.deepEqual(starts, starts.toSorted((a, b) => a - b));
      for (const { span } of findings) {
        assert.ok(span && span.start < span.end && span.end <= text.length);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("preprocess: text without directives and variables stays as it is (property)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      fc.pre(!text.includes("#") && !text.includes("${"));
      assert.equal(preprocess(text, values()).text, text);
    }),
    { numRuns: 200 },
  );
});
