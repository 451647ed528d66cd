import assert from "node:assert/strict";
import fc from "fast-check";
import { Opening, PARTIAL_MS } from "./opening.ts";

const MADE = "PROXY TCP4 9.9.9.9 8.8.8.8 7 6\r\n";
const HEADER = "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n";
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** Everything that reaches the target when the client sends `chunks` and then its end. */
function through(wants: boolean, waitMs: number, chunks: readonly string[]): string {
  const opening = new Opening(wants, waitMs, () => bytes(MADE));
  let sent = text(opening.start());
  for (const chunk of chunks) {
    sent += opening.done ? chunk : text(opening.take(bytes(chunk)));
  }
  return opening.done ? sent : sent + text(opening.end());
}

Deno.test("header sent or not, wanted or not, expected or not", () => {
  for (const waitMs of [0, 500]) {
    assert.equal(through(false, waitMs, [HEADER, "data"]), "data");
    assert.equal(through(false, waitMs, ["data"]), "data");
    assert.equal(through(true, waitMs, ["data"]), MADE + "data");
    assert.equal(through(true, waitMs, []), MADE);
  }
  assert.equal(through(true, 500, [HEADER + "data"]), HEADER + "data");
  assert.equal(through(true, 0, [HEADER + "data"]), MADE + "data");
});

Deno.test("nothing waits unless a header is wanted and expected, or half there", () => {
  const opening = (wants: boolean, waitMs: number) => {
    const made = new Opening(wants, waitMs, () => bytes(MADE));
    made.start();
    return made;
  };
  assert.equal(opening(false, 500).patienceMs, undefined);
  assert.equal(opening(true, 0).patienceMs, undefined);
  const waiting = opening(true, 500);
  assert.equal(waiting.patienceMs, 500);
  assert.equal(text(waiting.expire()), MADE);
  assert.equal(waiting.patienceMs, undefined);
  assert.equal(text(waiting.take(bytes(HEADER + "late"))), "late");

  const partial = opening(false, 0);
  assert.equal(text(partial.take(bytes("PRO"))), "");
  assert.equal(partial.patienceMs, PARTIAL_MS);
  assert.equal(text(partial.expire()), "PRO");
  assert.ok(partial.done);
});

Deno.test("the split into chunks makes no difference", () => {
  const stream = fc.tuple(
    fc.constantFrom("", HEADER, "PROXY UNKNOWN\r\n", "PROXY ", "\r\n\r\n", "P"),
    fc.string({ unit: "binary-ascii" }),
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      stream,
      fc.array(fc.integer({ min: 1, max: 20 })),
      fc.boolean(),
      fc.constantFrom(0, 500),
      (all, sizes, wants, waitMs) => {
        const chunks: string[] = [];
        let rest = all;
        for (const size of sizes) {
          if (rest.length > 0) chunks.push(rest.slice(0, size));
          rest = rest.slice(size);
        }
        if (rest.length > 0) chunks.push(rest);
        assert.equal(
          through(wants, waitMs, chunks),
          through(wants, waitMs, all === "" ? [] : [all]),
        );
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("bytes that begin no header pass unseen, unless one is owed or the start of one is held", () => {
  const make = () => Uint8Array.of(1);
  const first = (text: string) => text.charCodeAt(0);
  const plain = new Opening(false, 0, make);
  assert.equal(plain.passes(first("P")), false);
  assert.equal(plain.passes(first("\r")), false);
  assert.equal(plain.done, false);
  assert.equal(plain.passes(first("G")), true);
  assert.equal(plain.done, true);
  const owing = new Opening(true, 1000, make);
  assert.equal(owing.passes(first("G")), false);
  const holding = new Opening(false, 0, make);
  holding.take(Uint8Array.of(first("P")));
  assert.equal(holding.passes(first("G")), false);
});
