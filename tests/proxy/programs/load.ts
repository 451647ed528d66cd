/**
 * Short connections without end: `load.ts ADDRESS PORT CLIENTS`. Commands on stdin, each answered by a line of JSON:
 * "go", "pause" (answered when none is open any more), "figures" (connections and failures so far).
 */
import { commands, exchange } from "./wire.ts";

const [hostname, port, clients] = Deno.args as [string, string, string];
const failures: string[] = [];
let connections = 0;
let paused = true;
let running: Promise<unknown> = Promise.resolve();

async function client(): Promise<void> {
  while (!paused) {
    try {
      await exchange(hostname, Number(port));
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${hostname} ${error}`);
    }
    connections++;
  }
}

for await (const command of commands()) {
  if (command === "go") {
    paused = false;
    running = Promise.all(Array.from({ length: Number(clients) }, client));
  } else if (command === "pause") {
    paused = true;
    await running;
  }
  console.log(JSON.stringify({ connections, failures: failures.slice(0, 100) }));
}
