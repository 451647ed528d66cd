/** Mutations that know nothing of YAML: bytes go, come, change and repeat. */
import type { Random } from "../../cli/testing/random.ts";

/** Pieces that mean something to YAML, to the preprocessor or to a shell. */
export const PIECES: readonly string[] = [
  ...['"', "'", "`", "$(id)", "${podVersion}", "${x}", "${", "$", "\\", "\n", "\r\n", "\t"],
  ...["EOF", "\nEOF\n", "}", "{", "[", "]", "- ", ": ", "&a ", "*a", "!!str ", "|", ">-", "?"],
  ...["#", " #", "\n#ifdef ${x}\n", "\n#else\n", "\n#endif\n", "\n#iftrue x\n", "\n---\n", "..."],
  ...["\0", "\u{1f389}", "é", "\ufeff", "\u2028", "\x1b[31m", "\u202e", "~", "null", "true", "0"],
  ...[
    "-1",
    "1e9",
    "99999999999999999999",
    "0x10",
    "*",
    "; rm -rf /",
    "&&",
    "|",
    "<<EOF",
    "__proto__",
  ],
  ...[" ".repeat(200), "x".repeat(5000), "[".repeat(150), "{a: ".repeat(60)],
];

/** A text like `text`, and like pieces of `other`, with one to a few things wrong. */
export function mutateBytes(text: string, other: string, random: Random): string {
  const encoder = new TextEncoder();
  return new TextDecoder().decode(
    mutateBinary(encoder.encode(text), encoder.encode(other), random, PIECES),
  );
}

export type Bytes = Uint8Array<ArrayBuffer>;

/** The same for what need not be text, with pieces that mean something to who reads it. */
export function mutateBinary(
  bytes: Bytes,
  other: Bytes,
  random: Random,
  pieces: readonly string[],
): Bytes {
  let changed = bytes;
  for (let times = 1 + random.below(5); times > 0; times--) {
    changed = mutateOnce(changed, other, random, pieces);
  }
  return changed;
}

function mutateOnce(bytes: Bytes, other: Bytes, random: Random, pieces: readonly string[]): Bytes {
  const at = random.below(bytes.length + 1);
  const length = random.below(random.chance(0.8) ? 12 : 400);
  switch (random.below(6)) {
    case 0: { // a bit of a byte
      const changed = bytes.slice();
      if (at < changed.length) changed[at]! ^= 1 << random.below(8);
      return changed;
    }
    case 1:
      return joined(bytes.subarray(0, at), bytes.subarray(at + length));
    case 2:
      return joined(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
    case 3: {
      const from = random.below(other.length + 1);
      return joined(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at));
    }
    default: {
      const piece = new TextEncoder().encode(random.pick(pieces));
      return joined(bytes.subarray(0, at), piece, bytes.subarray(at));
    }
  }
}

/** Together, cut at a length that keeps a run of mutations from growing for ever. */
function joined(...parts: Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.subarray(0, 40_000);
}
