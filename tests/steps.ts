/** Steps of a test that build on each other. */

/** Runs steps in order; those after one that failed are left out, as they would only tell of the same. */
export function inOrder(
  t: Deno.TestContext,
): (name: string, work: () => Promise<void>) => Promise<void> {
  let failed = false;
  return async (name, work) => {
    if (!failed) failed = !await t.step(name, work);
  };
}
