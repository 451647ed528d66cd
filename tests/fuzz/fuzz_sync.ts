/**
 * Syncs simulated hosts while things go wrong: `fuzz_sync.ts [count] [seed]`. The story of one seed alone,
 * with what happened: `fuzz_sync.ts 1 <seed>`. See docs/architecture.md, "How sync is tested".
 */
import { randomStory } from "../../cli/testing/sim/random_story.ts";
import { play } from "../../cli/testing/sim/schedule.ts";

export interface SyncFuzzReport {
  readonly stories: number;
  /** Faults that happened in all of them. */
  readonly faults: number;
  readonly failures: readonly { readonly seed: number; readonly text: string }[];
}

/** Plays the stories of `count` seeds from `seed` on. */
export async function fuzzSync(count: number, seed: number, most = 20): Promise<SyncFuzzReport> {
  const failures: { seed: number; text: string }[] = [];
  let faults = 0;
  let stories = 0;
  for (; stories < count && failures.length < most; stories++) {
    const { violations, struck, trace } = await play(randomStory(seed + stories));
    faults += struck;
    if (violations.length === 0) continue;
    const shown = violations.slice(0, 5).map((each) => `  ${each}`);
    failures.push({
      seed: seed + stories,
      text: [`seed ${seed + stories}`, ...trace, ...shown].join("\n"),
    });
  }
  return { stories, faults, failures };
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 1_000_000);
  const seed = Number(Deno.args[1] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`${count} stories, seeds from ${seed} on`);
  const start = performance.now();
  const { failures, ...figures } = await fuzzSync(count, seed);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(JSON.stringify({ seconds, ...figures, failures: failures.length }));
  for (const { text } of failures) console.error(text);
  if (failures.length > 0) Deno.exit(1);
}
