/** The reconciler's constants, in milliseconds. */

/** A supervisor refreshes its status every 5 s; without a refresh for this long it counts as lost. */
export const STALE_AFTER = 15_000;
/** A status that was not refreshed for this long routes no traffic any more. */
export const UNROUTED_AFTER = 30_000;
/** A pod whose supervisor's process is gone keeps its traffic for this long: time to adopt it. */
export const DEAD_UNROUTED_AFTER = 5_000;
/** After a command, how long an unchanged status is neither good nor bad news. */
export const SETTLE = 6_000;
/** A supervisor that ended by itself is run again after this, as somebody may be at it by hand. */
export const ENDED_PAUSE = 1_000;
/** A supervisor that was well for this long has its earlier failures forgiven. */
export const FORGIVEN_AFTER = 60_000;
/** From the removal of a mapping to the stop of its pod: the proxies read the file within this time. */
export const DRAIN_GRACE = 500;
/** A version that is to end goes on for at most this long for one that starts first. */
export const START_FIRST_PATIENCE = 120_000;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 60_000;

/** The pause after `failures` failed attempts in a row: none, then 1 s doubling to 60 s. */
export function backOff(failures: number): number {
  return failures === 0 ? 0 : Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (failures - 1));
}
