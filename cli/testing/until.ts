/**
 * Waits until `condition` holds.
 *
 * @param what names it, for the error
 * @throws {Error} when it does not hold within 20 seconds
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>) {
  const end = Date.now() + 20_000;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(`Not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
