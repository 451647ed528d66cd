/** How fast a unit can write its log, and whether all of it gets there. */
import { pause } from "./idle.ts";
import { containersYaml, Pod, programYaml } from "./pod.ts";
import type { Row } from "./table.ts";

/** Lets a unit write `count` numbered lines as fast as it can, and waits until its log rests. */
export async function logSpeed(
  kind: "program" | "container",
  image: string,
  count: number,
): Promise<Row> {
  const format = "a line of the log of this unit, number %d\\n";
  const script = `awk 'BEGIN { for (i = 1; i <= ${count}; i++) printf "${format}", i }'; ` +
    "echo end; exec sleep 100000";
  const command = ["sh", "-c", script];
  const source = kind === "program" ? programYaml(command) : containersYaml(image, 1, command);
  await using pod = await Pod.compile(source, "bench");
  await pod.call("create");
  const began = performance.now();
  await pod.call("start");
  while (!(await atEnd(pod))) {
    if (performance.now() - began > 120_000) throw new Error("The log does not come to its end");
    await pause(20);
  }
  const seconds = (performance.now() - began) / 1000;
  const lines = await pod.call("logs", "--details=none", "--stream=stdout");
  const seen = new Set(lines.match(/(?<=number )\d+$/gm)?.map(Number));
  const lost = count - seen.size;
  return [kind, `${Math.round(count / seconds)} lines/s`, `${seconds.toFixed(1)} s`, `${lost}`];
}

/** Whether a log of the pod ends with the last line. */
async function atEnd(pod: Pod): Promise<boolean> {
  for await (const { name } of Deno.readDir(`${pod.dir}/log`)) {
    if (!name.endsWith(".log")) continue;
    using file = await Deno.open(`${pod.dir}/log/${name}`);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - 20), Deno.SeekMode.Start);
    const end = new Uint8Array(20);
    const read = await file.read(end);
    if (new TextDecoder().decode(end.subarray(0, read ?? 0)).endsWith(" end\n")) return true;
  }
  return false;
}
