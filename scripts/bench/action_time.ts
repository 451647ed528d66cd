/** run --wait, stop and rm of a compiled pod beside the bare podman calls that do the same. */
import { containersYaml, must, Pod } from "./pod.ts";
import { median, type Row } from "./table.ts";

/** What both run: it ends at once when told to. */
const COMMAND = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
const STEPS = ["run --wait", "stop", "rm"] as const;
const BARE = "bench_bare";

/** A row for each action: medians of `rounds`, taken in turns, in ms. */
export async function actionTimes(image: string, count: number, rounds: number): Promise<Row[]> {
  await using pod = await Pod.compile(containersYaml(image, count, COMMAND), "bench");
  const ours: number[][] = STEPS.map(() => []);
  const bare: number[][] = STEPS.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, step] of bareSteps(image, count).entries()) {
      bare[index]?.push(await timed(step));
    }
    for (const [index, step] of STEPS.entries()) {
      ours[index]?.push(await timed(() => pod.call(...step.split(" "))));
    }
  }
  return STEPS.map((step, index) => {
    const [our, their] = [median(ours[index]!), median(bare[index]!)];
    const ratio = (our / their).toFixed(2);
    return [`${step}, ${count}`, `${our.toFixed(0)} ms`, `${their.toFixed(0)} ms`, ratio];
  });
}

/** The podman calls alone, one after the other, with the options that a compiled pod uses too. */
function bareSteps(image: string, count: number): (() => Promise<unknown>)[] {
  const names = Array.from({ length: count }, (_, index) => `c${index}-${BARE}`);
  const [program = "", ...args] = COMMAND;
  return [
    async () => {
      await must("podman", "pod", "create", "--name", BARE);
      for (const name of names) {
        const options = ["--pod", BARE, "--name", name, "--log-driver", "k8s-file"];
        await must("podman", "run", "-d", ...options, "--entrypoint", program, image, ...args);
      }
    },
    () => must("podman", "pod", "stop", BARE),
    () => must("podman", "pod", "rm", BARE),
  ];
}

async function timed(step: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await step();
  return performance.now() - began;
}
