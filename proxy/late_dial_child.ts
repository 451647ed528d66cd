/**
 * For a test: dials a port of this machine again and again, with times that run out in the moment of
 * success, and prints how many files are open before and after. In a process of its own, as all files
 * of a process are counted.
 */
import { DenoEngine } from "./deno_engine.ts";
import { dial, DialError } from "./engine.ts";

const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;

const port = Number(Deno.args[0]);
const engine = new DenoEngine();

async function once(limitMs: number): Promise<void> {
  try {
    (await dial(engine, { hostname: "127.0.0.1", port }, limitMs)).close();
  } catch (error) {
    if (!(error instanceof DialError && error.kind === "silent")) throw error;
  }
}

await once(5000);
const before = openFiles();
const dials: Promise<void>[] = [];
for (let index = 0; index < 3000; index++) {
  dials.push(once(index % 5));
  const busyUntil = performance.now() + (index % 7) / 14; // So that time runs out unseen.
  while (performance.now() < busyUntil);
  if (index % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
await Promise.all(dials);
const end = performance.now() + 20_000;
while (openFiles() > before + 5 && performance.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(JSON.stringify({ more: openFiles() - before, counted: engine.count }));
