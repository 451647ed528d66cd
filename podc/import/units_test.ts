import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { secondsOf, sizeOf, splitWords } from "./units.ts";

for (
  const [text, size] of [
    ["512m", "512M"],
    ["256Mi", "256M"],
    ["1.5g", "1536M"],
    ["2GB", "2048M"],
    ["1", "1M"],
    ["33554432", "32M"],
    ["100kb", "1M"],
    ["many", undefined],
    ["", undefined],
    ["1 m", undefined],
    ["-1m", undefined],
  ] as const
) Deno.test(`size ${text}`, () => strictEqual(sizeOf(text), size));

for (
  const [text, seconds] of [
    ["10", 10],
    ["90s", 90],
    ["1m30s", 90],
    ["1500ms", 2],
    ["2h", 7200],
    ["5 minutes", undefined],
    ["", undefined],
  ] as const
) Deno.test(`time ${text}`, () => strictEqual(secondsOf(text), seconds));

for (
  const [text, words] of [
    ["a b  c", ["a", "b", "c"]],
    [" a\n", ["a"]],
    ["'a b' \"c d\"", ["a b", "c d"]],
    ["a'b'\"c\"d", ["abcd"]],
    [`"a \\"b\\" \\c"`, [`a "b" \\c`]],
    ["a\\ b", ["a b"]],
    ["'' x", ["", "x"]],
    ["it's", ["it's"]],
    ["$HOME *.txt", ["$HOME", "*.txt"]],
    ["", []],
  ] as const
) Deno.test(`words of ${text}`, () => deepStrictEqual(splitWords(text), words));
