import assert from "node:assert/strict";
import { readPodVersion, substitute, variablesIn } from "./variables.ts";

Deno.test("variablesIn: every ${NAME}, sorted, each once", () => {
  const text = "# ${comment}\n#ifdef ${b}\nx: '${a}' \\${b} $${c} $d ${e:-x} ${f-g} ${ h} ${1} ${}";
  assert.deepEqual(variablesIn(text), ["a", "b", "c", "comment"]);
});

Deno.test("substitute: literally, and only once", () => {
  const values = new Map([["a", "${b} & \\ $1 $&"], ["b", "B"]]);
  assert.equal(substitute("<${a}> <${b}> <${c}>", values), "<${b} & \\ $1 $&> <B> <>");
});

Deno.test("readPodVersion: the first line that begins with it", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["podVersion: 1.2.3", "1.2.3"],
    ["a: b\npodVersion:1.2.3\npodVersion: 2.0.0\n", "1.2.3"],
    ["podVersion: '1.2.3'  # why\r\n", "1.2.3"],
    ['podVersion: "1.2.3"', "1.2.3"],
    ["podVersion: 1.2.${patch}", "1.2.${patch}"],
    [" podVersion: 1.2.3", undefined],
    ["#podVersion: 1.2.3", undefined],
    ["podVersion:", undefined],
    ["podVersion: # none", undefined],
    ["", undefined],
  ];
  for (const [text, version] of table) assert.equal(readPodVersion(text), version, text);
});
