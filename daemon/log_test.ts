import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createLog, formatLine, type LogLevel, parseLogLevel, ProblemLog } from "./log.ts";

Deno.test("formatLine makes one aligned line of anything", () => {
  strictEqual(formatLine("OK", "fine"), "[OK]    fine\n");
  strictEqual(formatLine("ERROR", "a\tb"), "[ERROR] a b\n");
  strictEqual(formatLine("INFO", "a\n[ERROR] fake\x1b[2J"), "[INFO]  a\\x0a[ERROR] fake\\x1b[2J\n");
});

Deno.test("SPACE_LOG_LEVEL selects what is shown", () => {
  const shown = (threshold: number) => {
    const lines: string[] = [];
    const log = createLog(threshold, (line) => lines.push(line));
    for (const level of ["ERROR", "WARN", "OK", "INFO", "DEBUG"] as LogLevel[]) log(level, "");
    return lines.length;
  };
  deepStrictEqual([0, 1, 2, 3, 4, 5].map(shown), [0, 1, 2, 3, 4, 5]);
  deepStrictEqual([undefined, "", "0", "5", "6", "debug"].map(parseLogLevel), [4, 4, 0, 5, 4, 4]);
});

Deno.test("ProblemLog tells a problem once, until it changes or comes back", () => {
  const lines: string[] = [];
  const problems = new ProblemLog((_, message) => lines.push(message));
  for (const text of ["a", "a", "b", "b", "a"]) problems.report("key", text);
  problems.clear("key");
  problems.report("key", "a");
  problems.report("other", "a");
  deepStrictEqual(lines, ["a", "b", "a", "a", "a"]);
});
