/** Stories by seed. */
import { Random } from "../random.ts";
import { randomFaults } from "./faults.ts";
import { firstCommit, nextCommit, revertCommit } from "./random_commits.ts";
import type { Story } from "./schedule.ts";

/** The story of a seed. */
export function randomStory(seed: number): Story {
  const random = new Random(seed);
  const base = firstCommit(random, 1 + random.below(3));
  const next = nextCommit(random, base, "c2-second-commit");
  const third = random.chance(0.3)
    ? revertCommit(next, base, "c3-third-commit")
    : nextCommit(random, next, "c3-third-commit");
  const fourth = random.chance(0.3)
    ? revertCommit(third, base, "c4-fourth-commit")
    : nextCommit(random, third, "c4-fourth-commit");
  const second = 1 + random.below(2);
  return {
    seed,
    commits: [base, next, third, fourth],
    before: Object.fromEntries(base.hosts.map(({ name }) => [name, random.chance(0.2) ? -1 : 0])),
    first: 1,
    second,
    ...(random.chance(0.5) ? { secondAfterMs: random.below(400) } : {}),
    last: random.pick([second, 3]),
    parallel: 1 + random.below(3),
    faults: randomFaults(random),
  };
}
