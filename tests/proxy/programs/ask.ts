/**
 * Short connections: `ask.ts ADDRESS PORT CLIENTS`. For each line COUNT on stdin it makes that many, CLIENTS at
 * a time, and prints JSON: answers by name, failures, the slowest in ms.
 */
import { commands, exchange } from "./wire.ts";

const [hostname, port, clients] = Deno.args as [string, string, string];
console.log("ready");
for await (const line of commands()) {
  let left = Number(line);
  const answers: Record<string, number> = {};
  const failures: string[] = [];
  let slowestMs = 0;
  const client = async () => {
    while (left-- > 0) {
      const start = performance.now();
      try {
        const name = await exchange(hostname, Number(port));
        answers[name] = (answers[name] ?? 0) + 1;
      } catch (error) {
        failures.push(String(error));
      }
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: Number(clients) }, client));
  console.log(JSON.stringify({ answers, failures, slowestMs: Math.round(slowestMs) }));
}
