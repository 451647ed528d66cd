/**
 * Lets what waits for settled promises go on from within a callback, where the thread's event loop
 * would only do so after it. Deno has that for its own timers and shows it to nobody officially, so it
 * is tried before it is believed.
 */

type Core = { readonly runMicrotasks?: () => void };
type Internals = { readonly internal?: symbol; readonly [symbol: symbol]: { core?: Core } };

/**
 * Runs all that waits in the queue of microtasks; `undefined` where that can't be done. To be called
 * from a callback, not from what a promise leads to: one microtask can't run others.
 */
export function microtaskRunner(): (() => void) | undefined {
  const internals = Deno as unknown as Internals;
  const core = internals.internal && internals[internals.internal]?.core;
  if (typeof core?.runMicrotasks !== "function") return undefined;
  const run = () => core.runMicrotasks!();
  let ran = false;
  queueMicrotask(() => ran = true);
  try {
    run();
  } catch {
    return undefined;
  }
  return ran ? run : undefined;
}
