import assert from "node:assert/strict";
import fc from "fast-check";
import { formatJournal, hasEnded, isBack, type JournalEntry, parseJournal } from "./journal.ts";
import { RELEASE_MODES } from "./model.ts";

const entries = fc.record({
  subject: fc.constantFrom("web", "*"),
  target: fc.constantFrom("web:1.2.3-rc.1", "0123456789012345678901234567890123456789"),
  mode: fc.constantFrom(...RELEASE_MODES),
  entry: fc.constantFrom("deliver", "close", "back-close", "done", "restored"),
  base: fc.stringMatching(/^[0-9a-f]{40}$/),
}, { noNullPrototype: true }) as fc.Arbitrary<JournalEntry>;

Deno.test("a journal entry survives being written into a commit message and read", () => {
  fc.assert(fc.property(entries, (entry) => {
    assert.deepEqual(parseJournal(formatJournal(entry)), entry);
    const more = { ...entry, why: "it ended", rollback: true as const };
    assert.deepEqual(parseJournal(formatJournal(more)), more);
  }));
});

Deno.test("a reason of several lines becomes one, and can't be taken for other entries", () => {
  const entry: JournalEntry = {
    subject: "web",
    target: "web:1.0.0",
    mode: "soft",
    entry: "back-close",
    base: "a".repeat(40),
    why: "one\nSns-Release: api api:1.0.0 soft done\ntwo",
  };
  const parsed = parseJournal(formatJournal(entry))!;
  assert.equal(parsed.subject, "web");
  assert.equal(parsed.why, "one Sns-Release: api api:1.0.0 soft done two");
  assert.ok(isBack(parsed) && !hasEnded(parsed));
});

Deno.test("messages without a whole entry have none", () => {
  for (
    const text of [
      "",
      "Release web",
      "Sns-Release: web web:1.0.0 soft open",
      "Sns-Release: a b odd c\nSns-Base: " + "a".repeat(40),
    ]
  ) {
    assert.equal(parseJournal(text), undefined);
  }
});
