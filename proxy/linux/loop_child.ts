/** For a test: an engine that sleeps in the kernel, in a thread of its own, with promises above it. */
import { type Connection, dial } from "../engine.ts";
import { LinuxEngine } from "./linux_engine.ts";

const scope = self as unknown as Worker;
const engine = new LinuxEngine();
const ending = new AbortController();

/** Continuations that follow one another, with nothing else between them. */
async function hops(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await null;
}

/** Answers each line, after many continuations; "dial PORT" by what another listener says. */
async function serve(connection: Connection): Promise<void> {
  const buffer = new Uint8Array(100);
  for (let length; (length = await connection.read(buffer)) !== null;) {
    await hops(200);
    const text = new TextDecoder().decode(buffer.subarray(0, length));
    await connection.write(new TextEncoder().encode(text.toUpperCase()));
  }
  await hops(50);
  connection.close();
}

/** The end of the test cuts off who is served; before that nothing may fail. */
async function serveUntilEnd(connection: Connection): Promise<void> {
  try {
    await serve(connection);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  }
}

scope.onmessage = async ({ data }: MessageEvent) => {
  switch (data.do) {
    case "listen":
      engine.listen(
        data.address,
        serveUntilEnd,
        (error) => scope.postMessage({ error: String(error) }),
      );
      return scope.postMessage({ listening: true });
    case "wait": {
      const began = performance.now();
      await new Promise<void>((resolve) => engine.after(data.ms, resolve));
      return scope.postMessage({ waitedMs: performance.now() - began });
    }
    case "ask": {
      const connection = await dial(engine, data.address, 5000);
      await connection.write(new TextEncoder().encode("worker"));
      const buffer = new Uint8Array(100);
      const length = await connection.read(buffer);
      connection.close();
      return scope.postMessage({ answer: new TextDecoder().decode(buffer.subarray(0, length!)) });
    }
    case "echo":
      await hops(20);
      return scope.postMessage({ echo: data.number });
    case "end":
      ending.abort();
      return engine.closeAll();
  }
};

engine.run(ending.signal).then(() => {
  engine.dispose();
  scope.postMessage({ ended: true });
});
scope.postMessage({ wakeFd: engine.wakeFd });
