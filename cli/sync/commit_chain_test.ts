import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { formatCommitChain, judgeChain, parseCommitChain, type Verdict } from "./commit_chain.ts";

const id = (n: number) => String(n).padStart(4, "0").repeat(10);

const cases: readonly [string, string[], string[], Verdict][] = [
  ["no chain on the host", [id(1)], [], "first"],
  ["the same commit", [id(1), id(2)], [id(1), id(2)], "equal"],
  ["newer", [id(1), id(2), id(3)], [id(1), id(2)], "ahead"],
  ["newer, through a merge", [id(1), id(3), id(2), id(4)], [id(1), id(2)], "ahead"],
  ["older", [id(1)], [id(1), id(2)], "behind"],
  ["another branch", [id(1), id(3)], [id(1), id(2)], "branched"],
  ["nothing in common", [id(1)], [id(2)], "branched"],
  ["no commit here", [], [id(2)], "branched"],
  ["abbreviated ids", [id(11), id(12)], [id(11).slice(0, 7)], "ahead"],
  ["abbreviated, equal", [id(11), id(12)], [id(11).slice(0, 7), id(12).slice(0, 7)], "equal"],
  ["abbreviated, older", [id(11)], [id(11).slice(0, 7), id(12).slice(0, 9)], "behind"],
  ["junk", [id(11)], ["0"], "branched"],
];
for (const [name, local, remote, verdict] of cases) {
  Deno.test(`judgeChain: ${name}`, () => strictEqual(judgeChain(local, remote), verdict));
}

/** A random commit graph: the parents of each commit are earlier ones; the first has none. */
const graph = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 2 }), { maxLength: 12 })
  .map((rows) => [[], ...rows].map((parents, i) => parents.map((parent) => parent % i)));

/** All ancestors of a commit and itself, parents first. */
function ancestry(parents: readonly number[][], commit: number): number[] {
  const seen = new Set<number>();
  const visit = (at: number) => {
    if (seen.has(at)) return;
    for (const parent of parents[at]!) visit(parent);
    seen.add(at);
  };
  visit(commit);
  return [...seen];
}

Deno.test("judgeChain agrees with ancestry in any graph, full or abbreviated", () => {
  fc.assert(
    fc.property(graph, fc.nat(), fc.nat(), fc.boolean(), (parents, a, b, short) => {
      const [here, there] = [a % parents.length, b % parents.length];
      const local = ancestry(parents, here);
      const remote = ancestry(parents, there);
      const expected: Verdict = here === there
        ? "equal"
        : local.includes(there)
        ? "ahead"
        : remote.includes(here)
        ? "behind"
        : "branched";
      const written = remote.map((n) => short ? id(n).slice(0, 7) : id(n));
      strictEqual(judgeChain(local.map(id), written), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a chain survives being written and read", () => {
  const ids = [id(1), id(2)];
  strictEqual(formatCommitChain(ids), `${id(1)} ${id(2)}\n`);
  deepStrictEqual(parseCommitChain(formatCommitChain(ids)), ids);
  deepStrictEqual(parseCommitChain("\n"), []);
});
