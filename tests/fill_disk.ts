/** Fills a small disk, for tests. */
import assert from "node:assert/strict";

/** Writes to `file` until there is no room left. */
export async function fillDisk(file: string): Promise<void> {
  const piece = new Uint8Array(1024);
  for (;;) {
    try {
      await Deno.writeFile(file, piece, { append: true });
    } catch (error) {
      assert.match(String(error), /No space left/);
      return;
    }
  }
}
