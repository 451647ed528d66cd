import assert from "node:assert/strict";
import { parseEnvFile } from "./env_file.ts";

Deno.test("parseEnvFile: literal values, the first of a name counts, other lines don't", () => {
  const text = [
    "\uFEFFfirst=1",
    "# comment=no",
    " indented=no",
    "export exported=no",
    "1digit=no",
    "first=2",
    "empty=",
    'quoted="it\'s" # not a comment',
    "equals=a=b=c",
    "blanks =no",
    "trailing=  x  ",
    "last=${first}",
  ].join("\n");
  assert.deepEqual([...parseEnvFile(text)], [
    ["first", "1"],
    ["empty", ""],
    ["quoted", '"it\'s" # not a comment'],
    ["equals", "a=b=c"],
    ["trailing", "  x  "],
    ["last", "${first}"],
  ]);
});

Deno.test("parseEnvFile: line ends of either kind", () => {
  assert.deepEqual([...parseEnvFile("a=1\r\nb=2\r\n")], [["a", "1"], ["b", "2"]]);
});
