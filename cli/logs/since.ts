/** Points in time as people write them. Nothing here does I/O. */

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 604800,
};

/**
 * Unix seconds of what `text` means: unix seconds, `-90` or `90s`, `10m`, `1h30m`, `2d` ago, or an ISO
 * date or time, of UTC unless it names another zone; `undefined` when it is none of these.
 *
 * @param now unix seconds
 */
export function parseSince(text: string, now: number): number | undefined {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  if (/^-[0-9]{1,12}$/.test(text)) return now + Number(text);
  if (/^([0-9]{1,9}[smhdw])+$/.test(text)) {
    const spans = [...text.matchAll(/([0-9]+)([smhdw])/g)];
    return now - spans.reduce((sum, [, n, unit]) => sum + Number(n) * UNIT_SECONDS[unit!]!, 0);
  }
  const time = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(
    text,
  );
  if (time === null) return undefined;
  const [, clock, , , zone] = time;
  const iso = clock === undefined || zone !== undefined ? text : `${text}Z`;
  const ms = Date.parse(iso.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
