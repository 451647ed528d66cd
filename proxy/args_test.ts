import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parseArgs } from "./args.ts";

Deno.test("what the command line asks for", () => {
  const file = resolve("proxy.conf");
  const cases: [string[], unknown][] = [
    [[], { command: "run", file, takeover: false }],
    [["/a/b.conf"], { command: "run", file: "/a/b.conf", takeover: false }],
    [["--takeover", "/a/b.conf"], { command: "run", file: "/a/b.conf", takeover: true }],
    [["./status"], { command: "run", file: resolve("status"), takeover: false }],
    [["status"], { command: "status", file, json: false }],
    [["status", "--json", "/a"], { command: "status", file: "/a", json: true }],
    [["status", "/a", "--json"], { command: "status", file: "/a", json: true }],
    [["metrics", "/a"], { command: "metrics", file: "/a" }],
    [["ready"], { command: "ready", file }],
    [["ready", "--json"], "Unknown option --json. Try --help."],
    [["metrics", "--json"], "Unknown option --json. Try --help."],
    [["--json"], "Unknown option --json. Try --help."],
    [["status", "--jsn"], "Unknown option --jsn. Try --help."],
    [["status", "a", "b"], "More than one proxy.conf given. Try --help."],
    [["a", "status"], "More than one proxy.conf given. Try --help."],
  ];
  for (const [args, asked] of cases) assert.deepEqual(parseArgs(args), asked, args.join(" "));
  for (const args of [["-h"], ["status", "--help"], ["metrics", "x", "-h"]]) {
    const asked = parseArgs(args);
    assert.ok(typeof asked === "object" && "print" in asked);
    assert.match(asked.print, /^Usage: simplenetes-proxy/);
  }
});
