import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { describeError, UserError } from "../errors.ts";
import { createLog, formatMessage, parseLogLevel } from "./log.ts";
import { exitCodeOf, formatSummary } from "./summary.ts";
import { formatTable } from "./table.ts";

Deno.test("messages have their label, further lines stand below the text", () => {
  strictEqual(formatMessage("error", "a\nb"), "[ERROR] a\n        b\n");
  strictEqual(formatMessage("warn", "a"), "[WARN]  a\n");
  strictEqual(formatMessage("ok", "a"), "[OK]    a\n");
  strictEqual(formatMessage("info", "a"), "[INFO]  a\n");
});

Deno.test("the threshold hides what ranks above it", () => {
  let text = "";
  const log = createLog((line) => text += line, { threshold: 2 });
  log.info("no");
  log.warn("yes");
  strictEqual(text, "[WARN]  yes\n");
  deepStrictEqual(["5", "x", undefined].map(parseLogLevel), [5, undefined, undefined]);
});

Deno.test("an error is told with its causes once, and what to try", () => {
  const inner = new UserError("no route", { hint: "plug it in" });
  deepStrictEqual(
    describeError(new UserError('Cannot sync "h1"', { cause: inner })),
    ['Cannot sync "h1": no route', "Try: plug it in"],
  );
  deepStrictEqual(describeError(new Error("a: b", { cause: new Error("b") })), ["a: b"]);
  deepStrictEqual(describeError("text"), ["text"]);
  const denied = new Error("Cannot read /x", { cause: new Deno.errors.PermissionDenied("denied") });
  deepStrictEqual(describeError(denied), [
    "Cannot read /x: denied",
    "Try: see who owns it: ls -ld <path>",
  ]);
});

Deno.test("tables are aligned and have no trailing blanks", () => {
  strictEqual(formatTable([["a", "bb"], ["ccc", "d"]], ["X", "Y"]), "X    Y\na    bb\nccc  d\n");
});

Deno.test("a summary names each host; one failure makes the exit code 1", () => {
  const done = { host: "h1", result: "done", text: "2 changes" } as const;
  const failed = { host: "web-2", result: "failed", text: "no route" } as const;
  strictEqual(
    formatSummary([done, failed]),
    "h1     done       2 changes\nweb-2  failed     no route",
  );
  deepStrictEqual([exitCodeOf([done]), exitCodeOf([done, failed])], [0, 1]);
});
