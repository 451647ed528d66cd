import { deepStrictEqual, throws } from "node:assert/strict";
import { type Invocation, parseInvocation, UsageError } from "./args.ts";

const serve = (home: string, pollSeconds = 10): Invocation => ({
  kind: "serve",
  home,
  pollSeconds,
});
const good: readonly [string, Invocation][] = [
  ["/home/sns/h1", serve("/home/sns/h1")],
  ["h1 --poll-seconds=2", serve("h1", 2)],
  ["--poll-seconds 0.5 h1", serve("h1", 0.5)],
  ["-- --odd", serve("--odd")],
  ["-h", { kind: "help" }],
  ["--help h1", { kind: "help" }],
  ["help", { kind: "help" }],
  ["-V", { kind: "version" }],
  ["--version", { kind: "version" }],
  ["version", { kind: "version" }],
  ["", { kind: "serve", pollSeconds: 10 }],
  ["--poll-seconds=3", { kind: "serve", pollSeconds: 3 }],
  ["status", { kind: "status", json: false }],
  ["status --json h1", { kind: "status", json: true, home: "h1" }],
  ["./status", serve("./status")],
];
for (const [line, invocation] of good) {
  Deno.test(`simplenetesd ${line}`, () => {
    deepStrictEqual(parseInvocation(line === "" ? [] : line.split(" ")), invocation);
  });
}

const bad: readonly [string[], RegExp][] = [
  [["a", "b"], /More than one/],
  [["status", "a", "b"], /More than one/],
  [["--json", "a"], /goes with "status"/],
  [[""], /empty/],
  [["--nope", "a"], /--nope/],
  [["--poll-seconds=0", "a"], /0\.1 to 3600/],
  [["--poll-seconds=abc", "a"], /0\.1 to 3600/],
  [["--poll-seconds"], /poll-seconds/],
];
for (const [argv, message] of bad) {
  Deno.test(`simplenetesd ${JSON.stringify(argv)} is a usage error`, () => {
    throws(() => parseInvocation(argv), (error) => {
      return error instanceof UsageError && message.test(error.message);
    });
  });
}
