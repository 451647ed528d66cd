/** Tries several ways to reach something, the next one as soon as the last failed or hesitates. */

/** One way. Resolves to `undefined` when it failed; rejects only by mistake. */
export type Attempt<T> = () => Promise<T | undefined>;

/**
 * The first success of `attempts`, or `undefined` when all failed or `limitMs` passed.
 *
 * @param staggerMs After this time without an answer the next attempt starts beside the running ones.
 * @param discard Takes successes that came too late.
 */
export function race<T>(
  attempts: readonly Attempt<T>[],
  staggerMs: number,
  limitMs: number,
  discard: (late: T) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let running = 0;
    let over = false;
    let stagger: ReturnType<typeof setTimeout> | undefined;
    const end = (result: T | undefined) => {
      over = true;
      clearTimeout(stagger);
      clearTimeout(limit);
      resolve(result);
    };
    const limit = setTimeout(end, limitMs, undefined);
    const start = () => {
      clearTimeout(stagger);
      const attempt = attempts[next++];
      if (!attempt) return;
      running++;
      attempt().then((result) => {
        running--;
        if (over) {
          if (result !== undefined) discard(result);
        } else if (result !== undefined) end(result);
        else if (next < attempts.length) start();
        else if (running === 0) end(undefined);
      }).catch((error) => {
        reject(error);
        end(undefined);
      });
      if (next < attempts.length) {
        if (staggerMs === 0) start();
        else stagger = setTimeout(start, staggerMs);
      }
    };
    if (attempts.length === 0) end(undefined);
    else start();
  });
}
