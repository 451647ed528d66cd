import assert from "node:assert/strict";
import { isLost } from "./lost.ts";

const ALLOWED_MS = 20_000;

for (
  const [what, signs, lost] of [
    ["idle, and nothing was asked", { resent: 0, asked: 0, silentMs: 3_600_000 }, false],
    ["asked a moment ago", { resent: 0, asked: 1, silentMs: 3_600_000 }, false],
    ["one packet lost", { resent: 1, asked: 0, silentMs: 21_000 }, false],
    ["asked in vain", { resent: 0, asked: 2, silentMs: 20_001 }, true],
    ["sent in vain", { resent: 6, asked: 0, silentMs: 20_001 }, true],
    ["sent in vain, but not for long", { resent: 6, asked: 0, silentMs: 20_000 }, false],
    ["has no room, but says so", { resent: 0, asked: 0, silentMs: 4000 }, false],
  ] as const
) {
  Deno.test(`lost connections: ${what}`, () => {
    assert.equal(isLost(signs, ALLOWED_MS), lost);
  });
}
