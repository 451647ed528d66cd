/**
 * run --wait, stop and rm of a compiled pod beside the fewest podman calls that bring the same about.
 *
 * - `run --wait`: `podman pod create`, `podman run -d` for each container, one `podman inspect` that all run
 * - `stop`: `podman stop` of all containers, then `podman pod stop`. The latter alone is shorter, but it ends
 *   the network first, under containers that still drain; its figure stands beside.
 * - `rm`: `podman pod rm`
 */
import { containersYaml, must, Pod } from "./pod.ts";
import { median, type Row } from "./table.ts";

/** What both run: it ends at once when told to. */
const COMMAND = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
const STEPS = ["run --wait", "stop", "rm"] as const;
const BARE = "bench_bare";

type Step = () => Promise<unknown>;

/** A row for each action: medians of `rounds`, taken in turns, in ms. */
export async function actionTimes(image: string, count: number, rounds: number): Promise<Row[]> {
  await using pod = await Pod.compile(containersYaml(image, count, COMMAND), "bench");
  const own: Step[] = STEPS.map((step) => () => pod.call(...step.split(" ")));
  const times = { own: lists(), bare: lists(), podOnly: lists() };
  for (let round = 0; round < rounds; round += 1) {
    await timeAll(bareSteps(image, count, true), times.bare);
    await timeAll(own, times.own);
    await timeAll(bareSteps(image, count, false), times.podOnly);
  }
  const podStop = `${median(times.podOnly[1]!).toFixed(0)} ms`;
  return STEPS.map((step, index) => {
    const [our, their] = [median(times.own[index]!), median(times.bare[index]!)];
    const alone = step === "stop" ? podStop : "";
    return [
      `${step}, ${count}`,
      `${our.toFixed(0)} ms`,
      `${their.toFixed(0)} ms`,
      (our / their).toFixed(2),
      alone,
    ];
  });
}

const lists = (): number[][] => STEPS.map(() => []);

/** The podman calls alone, one after the other, with the options that a compiled pod uses too. */
function bareSteps(image: string, count: number, containersFirst: boolean): Step[] {
  const names = Array.from({ length: count }, (_, index) => `c${index}-${BARE}`);
  const [program = "", ...args] = COMMAND;
  return [
    async () => {
      await must("podman", "pod", "create", "--name", BARE);
      for (const name of names) {
        const options = ["--pod", BARE, "--name", name, "--log-driver", "k8s-file"];
        await must("podman", "run", "-d", ...options, "--entrypoint", program, image, ...args);
      }
      await must("podman", "inspect", "--format", "{{.State.Running}}", ...names);
    },
    async () => {
      if (containersFirst) await must("podman", "stop", ...names);
      await must("podman", "pod", "stop", BARE);
    },
    () => must("podman", "pod", "rm", BARE),
  ];
}

async function timeAll(steps: readonly Step[], times: readonly number[][]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const began = performance.now();
    await step();
    times[index]?.push(performance.now() - began);
  }
}
