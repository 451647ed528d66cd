/** For a test: the old process of a restart. Gives no listeners at the path given, and is killed. */
import { giveListeners } from "./handover.ts";

await giveListeners(
  Deno.args[0]!,
  [],
  () => Promise.resolve({ held: [], before: [] }),
  600_000,
);
