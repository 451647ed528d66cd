/**
 * Other people's traffic: `probe.ts ADDRESS PORT EVERY-MS`. One exchange after another; at the end of
 * stdin it prints JSON: how many, failures, p50 and p99 in ms.
 */
import { commands, exchange } from "./wire.ts";

const [hostname, port, everyMs] = Deno.args as [string, string, string];
const times: number[] = [];
const failures: string[] = [];
let over = false;
const probing = (async () => {
  while (!over) {
    const start = performance.now();
    try {
      await exchange(hostname, Number(port));
      times.push(performance.now() - start);
    } catch (error) {
      failures.push(String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, Number(everyMs)));
  }
})();
console.log("ready");
for await (const _ of commands()) break;
over = true;
await probing;
times.sort((a, b) => a - b);
const at = (part: number) => Number((times[Math.floor(times.length * part)] ?? NaN).toFixed(1));
console.log(JSON.stringify({ count: times.length, failures, p50: at(0.5), p99: at(0.99) }));
