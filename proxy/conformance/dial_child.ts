/** For a test: dials where there is one local port only, and prints what comes of it. */
import { dial, DialError } from "../engine.ts";
import { startEngine } from "./engines.ts";

const { engine, stop } = startEngine(Deno.args[0]!);

async function tell(port: number): Promise<void> {
  try {
    await dial(engine, { hostname: "127.0.0.1", port }, 5000);
    console.log("open");
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    console.log(`${error.kind} ${error.message}`);
  }
}

await tell(40000);
const listener = engine.listen({ hostname: "127.0.0.1", port: 40001 }, () => {}, console.error);
await tell(40001);
await tell(40001);
engine.closeAll();
await listener.close();
await stop();
