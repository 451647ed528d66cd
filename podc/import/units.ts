/** Sizes and times of other systems in those of pod.yaml. */

const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1024,
  ki: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mi: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gi: 1024 ** 3,
};

/** `512m`, `256Mi`, `1.5g`, bytes: in whole MiB, rounded up; `undefined` when it is no size. */
export function sizeOf(text: string): string | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)([a-z]*)$/i.exec(text.trim());
  const factor = BYTES[match?.[2]?.toLowerCase() ?? "?"];
  if (!match || factor === undefined) return undefined;
  return `${Math.max(1, Math.ceil(Number(match[1]) * factor / 1024 ** 2))}M`;
}

/** `90s`, `1m30s`, `500ms`, `10`: in whole seconds, rounded up; `undefined` when it is no time. */
export function secondsOf(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text);
  if (!/^([0-9.]+(us|ms|s|m|h))+$/.test(text)) return undefined;
  const factors: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/([0-9.]+)(us|ms|s|m|h)/g)) {
    seconds += Number(number) * factors[unit!]!;
  }
  return Number.isFinite(seconds) ? Math.ceil(seconds) : undefined;
}

/** Words of a command line as a POSIX shell splits them; nothing is expanded. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [part, single, double, escaped, plain] of text.matchAll(WORD)) {
    if (/^\s+$/.test(part)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? "") +
      (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped?.slice(1) ?? plain ?? part);
  }
  if (word !== undefined) words.push(word);
  return words;
}

const WORD = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|(\\[^])|([^\s'"\\]+)|[^]/g;
