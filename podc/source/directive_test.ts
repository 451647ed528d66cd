import assert from "node:assert/strict";
import { type Condition, holds, readLine } from "./directive.ts";

Deno.test("readLine: tells directives, malformed ones and text apart", () => {
  const table: readonly (readonly [string, string])[] = [
    ["#ifdef ${a}", "if"],
    ["#ifndef a", "if"],
    ["#iftrue   ${a}", "if"],
    ["#ifntrue\t${a}  ", "if"],
    ["#else", "else"],
    ["#else  ", "else"],
    ["#endif", "endif"],
    ["#endif \t", "endif"],
    ["#endif\r", "endif"],
    ["#ifdef", "malformed"],
    ["#ifdef ", "malformed"],
    ["#ifdef ${a} ${b}", "malformed"],
    ["#ifdef:a", "malformed"],
    ["#iftrue(${a})", "malformed"],
    ["#else now", "malformed"],
    ["#endif # done", "malformed"],
    ["  #ifdef ${a}", "malformed"],
    ["\t#endif", "malformed"],
    ["# ifdef ${a}", "text"],
    ["# if you read this", "text"],
    ["#if ${a}", "text"],
    ["#ifdefined", "text"],
    ["#elsewhere", "text"],
    ["#else_", "text"],
    ["##endif", "text"],
    ["a: 1 #endif", "text"],
    ["", "text"],
  ];
  for (const [line, kind] of table) {
    assert.equal(readLine(line, 0).kind, kind, JSON.stringify(line));
  }
});

Deno.test("readLine: points at the directive itself", () => {
  const line = readLine("  #else x  ", 100);
  assert.ok(line.kind === "malformed");
  assert.deepEqual([line.span, line.meant, line.word], [{ start: 102, end: 109 }, "else", "else"]);
});

Deno.test("holds: the reference's table", () => {
  const table: Record<Condition, readonly [empty: boolean, yes: boolean, other: boolean]> = {
    ifdef: [false, true, true],
    ifndef: [true, false, false],
    iftrue: [false, true, false],
    ifntrue: [true, false, true],
  };
  for (const [condition, expected] of Object.entries(table)) {
    const actual = ["", "true", "True"].map((value) => holds(condition as Condition, value));
    assert.deepEqual(actual, expected, condition);
  }
});
