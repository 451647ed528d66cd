/**
 * From any start, through any interleaving of events and failures, `decide` keeps its promises and
 * converges. More cases, or the ones of a failure again: `RUNS=100000 SEED=7 deno test …`.
 */
import fc from "fast-check";
import type { Course } from "./simulated_pod.ts";
import { type Event, Simulation, type Timed } from "./simulation.ts";

const is = fc.boolean();
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("state" as const),
      to: fc.constantFrom("running" as const, "stopped" as const, "removed" as const),
    }),
  },
  fc.record({
    kind: fc.constant("action" as const),
    containers: fc.constantFrom<readonly string[]>([], ["a"], ["a", "b"]),
  }),
  fc.record({ kind: fc.constantFrom("ready", "readable", "present", "serves"), is }),
  fc.record({
    kind: fc.constant("clock" as const),
    jump: fc.oneof(fc.integer({ min: -10_000, max: 10_000 }), fc.integer()),
  }),
  fc.record({
    kind: fc.constant("address" as const),
    to: fc.constantFrom("10.0.0.1", "10.0.0.2"),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("kill", "byHand", "loseStatus", "restart", "crash", "boot", "swap"),
    }),
  },
);
const timed: fc.Arbitrary<Timed> = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 20_000 })),
  pod: fc.nat(2),
  event,
});
const course: fc.Arbitrary<Course> = fc.record({
  ms: fc.integer({ min: 0, max: 30_000 }),
  ok: fc.boolean(),
});

/** What happens on a host, and what the commands that the daemon gives there come to. */
type History = readonly [readonly Timed[], readonly Course[], readonly [boolean, boolean]];
const LATE: readonly Course[] = [{ ms: 1501, ok: true }, { ms: 0, ok: false }];

/** Histories that once led to what must not be. */
const known: readonly History[] = [
  // A daemon that begins right after another took a pod out of the routes …
  [
    [
      { after: 6001, pod: 0, event: { kind: "state", to: "stopped" } },
      { after: 1, pod: 0, event: { kind: "restart" } },
    ],
    [{ ms: 0, ok: true }, { ms: 0, ok: false }],
    [false, false],
  ],
  // … when the clock has jumped meanwhile, so that it cannot know.
  [
    [
      { after: 21_502, pod: 0, event: { kind: "clock", jump: -5201 } },
      { after: 0, pod: 1, event: { kind: "state", to: "removed" } },
      { after: 1, pod: 0, event: { kind: "restart" } },
    ],
    LATE,
    [false, false],
  ],
];

const seed = Number(Deno.env.get("SEED") ?? crypto.getRandomValues(new Int32Array(1))[0]);
const numRuns = Number(Deno.env.get("RUNS") ?? 200);

Deno.test("decide converges from any state through any events and failures", () => {
  console.log(`SEED=${seed}`);
  fc.assert(
    fc.property(
      fc.array(timed, { maxLength: 25 }),
      fc.array(course, { minLength: 1, maxLength: 17 }),
      fc.tuple(is, is),
      (events, courses, firsts) => {
        const simulation = new Simulation(courses, firsts);
        for (const one of events) {
          simulation.run(one.after, false);
          simulation.happen(one);
        }
        // Nobody can do anything about a state that nobody can read, for ever.
        for (const pod of simulation.pods) pod.readable = true;
        simulation.run(240_000, true);
        simulation.checkRest();
      },
    ),
    { numRuns, seed, examples: known.map(([...history]) => history) },
  );
});
