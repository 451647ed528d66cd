/** CPU and memory of idle pods. */
import { containersYaml, Pod, programYaml } from "./pod.ts";
import { costOf } from "./process_cost.ts";
import type { Row } from "./table.ts";

/** Pods at rest: `count` of them, with one program or container each, watched for `seconds`. */
export async function idlePods(
  kind: "program" | "container",
  image: string,
  count: number,
  seconds: number,
): Promise<Row> {
  const command = ["sleep", "100000"];
  const source = kind === "program" ? programYaml(command) : containersYaml(image, 1, command);
  const pods: Pod[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const pod = await Pod.compile(source, `bench_${index}`);
      pods.push(pod);
      await pod.call("run", "--wait");
    }
    await pause(5000); // the quick looks after a start are over
    const before = await costOf(pods);
    const began = performance.now();
    await pause(seconds * 1000);
    const after = await costOf(pods);
    const cpu = (after.cpuMs - before.cpuMs) / (performance.now() - began) / count;
    return [
      `${count} idle, a ${kind} each`,
      `${(cpu * 100).toFixed(3)} %`,
      `${(after.pssKb / count / 1024).toFixed(2)} MB`,
      `${(after.rssKb / count / 1024).toFixed(2)} MB`,
      (after.processes / count).toFixed(1),
    ];
  } finally {
    for (const pod of pods) await pod[Symbol.asyncDispose]();
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
