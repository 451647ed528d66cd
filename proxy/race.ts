/** Tries several ways to reach something, the next ones as soon as the last failed or hesitate. */
import type { Engine } from "./engine.ts";

/** One way. Resolves to `undefined` when it failed; rejects only by mistake. */
export type Attempt<T> = () => Promise<T | undefined>;

/**
 * The first success, or `undefined` when all failed or `limitMs` passed.
 *
 * @param groups The attempts of a group start together. The next group starts when all that runs
 * failed, or when `hesitationMs` passed without a success, beside what runs.
 * @param discard Takes successes that came too late.
 */
export function race<T>(
  groups: readonly (readonly Attempt<T>[])[],
  hesitationMs: number,
  limitMs: number,
  discard: (late: T) => void,
  timers: Pick<Engine, "after">,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = groups.filter((group) => group.length > 0);
    let next = 0;
    let running = 0;
    let over = false;
    let stopHesitation = () => {};
    const end = (result: T | undefined) => {
      over = true;
      stopHesitation();
      stopLimit();
      resolve(result);
    };
    const stopLimit = timers.after(limitMs, () => end(undefined));
    const answered = (result: T | undefined) => {
      running--;
      if (over) {
        if (result !== undefined) discard(result);
      } else if (result !== undefined) end(result);
      else if (running === 0) start();
    };
    const failed = (error: unknown) => {
      reject(error);
      end(undefined);
    };
    const start = () => {
      stopHesitation();
      const group = waiting[next++];
      if (!group) return end(undefined);
      running += group.length;
      if (next < waiting.length) stopHesitation = timers.after(hesitationMs, start);
      for (const attempt of group) attempt().then(answered).catch(failed);
    };
    start();
  });
}
