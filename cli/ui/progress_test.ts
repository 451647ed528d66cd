import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LiveLines, shown } from "./progress.ts";

/** What a terminal of this size shows of `text`, which uses the few sequences of LiveLines. */
function screen(text: string): string[] {
  const lines = [""];
  for (const [part] of text.replaceAll("\x1b", "~").matchAll(/~\[(\d+)A|~\[J|\r|\n|[^~\r\n]+/g)) {
    const up = /^~\[(\d+)A$/.exec(part);
    if (up) lines.splice(lines.length - 1 - Number(up[1]), Infinity, "");
    else if (part === "\n") lines.push("");
    else if (part !== "\r" && part !== "~[J") lines[lines.length - 1] += part;
  }
  return lines.filter((line) => line !== "");
}

function terminal(columns = 80, rows = 24) {
  let text = "";
  const write = (more: string) => void (text += more);
  const live = new LiveLines(write, () => ({ columns, rows }));
  return { live, write, lines: () => screen(text) };
}

Deno.test("what goes on stands below what was said, and is gone in the end", () => {
  const { live, write, lines } = terminal();
  live.set("h1", "looking");
  live.set("host2", "looking");
  live.above(() => write("[INFO]  said\n"));
  live.set("h1", "delivering");
  deepStrictEqual(lines(), ["[INFO]  said", "h1     delivering …", "host2  looking …"]);
  live.set("h1", undefined);
  deepStrictEqual(lines(), ["[INFO]  said", "host2  looking …"]);
  live.set("host2", undefined);
  deepStrictEqual(lines(), ["[INFO]  said"]);
});

Deno.test("lines are no wider and no more than the terminal", () => {
  const { live, lines } = terminal(10, 5);
  for (const name of ["a", "b", "c", "d"]) live.set(name, "something long");
  deepStrictEqual(
    lines(),
    ["a  somethi", "b  somethi", "and 2 more"].map((line) => line.slice(0, 9)),
  );
});

Deno.test("a question has the terminal for itself", async () => {
  const { live, lines } = terminal();
  live.set("h1", "looking");
  await live.without(() => {
    deepStrictEqual(lines(), []);
    live.set("h2", "looking");
    return Promise.resolve();
  });
  deepStrictEqual(lines().sort(), ["h1  looking …", "h2  looking …"]);
});

Deno.test("work is shown while it lasts, also when it fails", async () => {
  const said: unknown[] = [];
  const progress = { set: (...args: unknown[]) => void said.push(args) };
  const work = shown(
    progress,
    (name: string) => name,
    "trying",
    () => Promise.reject(new Error("no")),
  );
  strictEqual(await work("h1").catch((error: Error) => error.message), "no");
  deepStrictEqual(said, [["h1", "trying"], ["h1", undefined]]);
});
