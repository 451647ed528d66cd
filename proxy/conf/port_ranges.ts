/** Lists of ports as people write them: `80,61000-61999`. */
import { isPort, parseDecimal, type PortRange } from "./ports.ts";

/** Reads ports and ranges separated by commas, sorted and merged; `undefined` when a part is none. */
export function parsePortRanges(text: string): PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?$/.exec(part);
    if (!match) return undefined;
    const first = parseDecimal(match[1]!);
    const last = parseDecimal(match[2] ?? match[1]!);
    if (first === undefined || last === undefined) return undefined;
    if (!isPort(first) || !isPort(last) || first > last) return undefined;
    ranges.push({ first, last });
  }
  return mergePortRanges(ranges);
}

/** The same ports as the fewest ranges, in ascending order. */
export function mergePortRanges(ranges: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) {
      merged[merged.length - 1] = {
        first: before.first,
        last: Math.max(before.last, range.last),
      };
    } else merged.push(range);
  }
  return merged;
}

/** The inverse of {@link parsePortRanges}. */
export function formatPortRanges(ranges: readonly PortRange[]): string {
  return ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(
    ",",
  );
}

/** The ranges that cover exactly `ports`. */
export function portRangesOf(ports: Iterable<number>): PortRange[] {
  return mergePortRanges([...ports].map((port) => ({ first: port, last: port })));
}
