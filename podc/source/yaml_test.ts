import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { parseYaml } from "./yaml.ts";
import type { YamlNode } from "./yaml_node.ts";

/** The tree without places: texts, arrays and pairs. */
function plain(node: YamlNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.text;
    case "list":
      return node.items.map(plain);
    case "map":
      return node.entries.map(({ key, value }) => [key, plain(value)]);
  }
}

const read = (text: string) => {
  const { root, findings } = parseYaml(text);
  assert.deepEqual(findings, [], text);
  return root && plain(root);
};

Deno.test("parseYaml: every scalar is its text", () => {
  const table: readonly (readonly [string, unknown])[] = [
    ["a: 1.50\nb: yes\nc: ~\nd: null\ne: 0x10\nf:\n", [
      ["a", "1.50"],
      ["b", "yes"],
      ["c", "~"],
      ["d", "null"],
      ["e", "0x10"],
      ["f", ""],
    ]],
    ["a: 'it''s'  # comment\r\nb: \"x\\n\\u00e9\"\r\n", [["a", "it's"], ["b", "x\né"]]],
    ["a:\n- 1\n- [x, {y: z}]\n", [["a", ["1", ["x", [["y", "z"]]]]]]],
    ["a: |\n  one\n\n  two\nb: >-\n  x\n  y\n", [["a", "one\n\ntwo\n"], ["b", "x y"]]],
    ["--- \na: &x [1]\nb: *x\n...\n", [["a", ["1"]], ["b", ["1"]]]],
    ["# nothing", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of table) assert.deepEqual(read(text), expected);
});

Deno.test("parseYaml: what is wrong, each once", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["a: 1\na: 2\n", /"a" is given twice, first on line 1/],
    ["a: [1\n", /what "\[" opened/],
    ["a: {b: 1\nc: 2", /what "\{" opened/],
    ["a: 'x\n", /quote is never closed/],
    ["a: b: c\n", /out of place/],
    ["\ta: 1\n", /tab/],
    ["a: !local x\n", /unresolved tag/],
    ["a: *x\n", /no anchor &x/],
    ["a: &x {b: *x}\n", /inside what it refers to/],
    ["a: 1\n---\nb: 1\n", /second YAML document/],
    ["[a]: 1\n", /key must be plain text/],
    ['a: "\\0"\n', /NUL/],
    ['a: "\\udc00"\n', /surrogate/],
    ["[".repeat(3000), /nested too deeply/],
    ["- ".repeat(300) + "x", /nested too deeply/],
  ];
  for (const [text, message] of table) {
    const { findings } = parseYaml(text);
    assert.equal(findings.length, 1, text.slice(0, 40));
    assert.match(findings[0]!.message, message);
  }
});

Deno.test("parseYaml: aliases of aliases end at a limit, soon", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++) {
    const references = Array(10).fill(`*a${level - 1}`).join(", ");
    lines.push(`a${level}: &a${level} [${references}]`);
  }
  const started = performance.now();
  const { findings } = parseYaml(lines.join("\n"));
  assert.deepEqual(findings.map(({ message }) => message), ["too much YAML, aliases included"]);
  assert.ok(performance.now() - started < 5000);
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: "grapheme", maxLength: 10 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie("value"), { maxKeys: 3 }),
  ),
})).value;

Deno.test("parseYaml: reads back what was written (property)", () => {
  const asPlain = (value: unknown): unknown => {
    if (typeof value === "string") return value;
    if (Array.isArray(value)) return value.map(asPlain);
    return Object.entries(value as object).map(([key, each]) => [key, asPlain(each)]);
  };
  fc.assert(
    fc.property(json, (value) => {
      const text = stringify({ value }, { schema: "failsafe" });
      assert.deepEqual(read(text), asPlain({ value }));
    }),
    { numRuns: 200 },
  );
});

Deno.test("parseYaml: never throws, all places lie inside (property)", () => {
  const piece = fc.constantFrom(
    ..."a: |- > {} [] , ? & * ! % @ ` ' \" # \n \n  \n    \t --- ... \\ 日本 🎉 \r\n".split(" "),
    " ",
    "- ",
    ": ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      for (const { span } of parseYaml(text).findings) {
        assert.ok(span === undefined || (span.start >= 0 && span.start <= text.length));
      }
    }),
    { numRuns: 500 },
  );
});
