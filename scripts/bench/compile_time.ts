/** How long it takes to compile a pod inside the process. */
import { compile, containersYaml } from "./pod.ts";
import { median, type Row } from "./table.ts";

/** The median of `rounds` compiles of a pod with `count` containers, after some to warm up. */
export function compileTime(count: number, rounds = 15): Row {
  const source = containersYaml("example.com/web:1", count, ["serve", "--port", "8080"]);
  const times = Array.from({ length: rounds + 5 }, () => {
    const began = performance.now();
    compile(source, "bench", "/");
    return performance.now() - began;
  });
  const first = times[0]!;
  return [`${count}`, `${first.toFixed(1)} ms`, `${median(times.slice(5)).toFixed(1)} ms`];
}
