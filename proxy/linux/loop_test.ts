import assert from "node:assert/strict";
import { freshAddress, freshPort, receive, send } from "../test_kit.ts";
import { LinuxEngine } from "./linux_engine.ts";
import { wake } from "./wake.ts";

const ignore = LinuxEngine.supported() !== undefined;

/** A thread with an engine that blocks; it is woken after each message. */
class Thread {
  readonly #worker = new Worker(new URL("./loop_child.ts", import.meta.url), { type: "module" });
  #wakeFd = -1;

  /** Sends `message`, and gives the next answer. */
  ask(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = this.#next();
    this.#worker.postMessage(message);
    wake(this.#wakeFd);
    return answer;
  }

  async listen(): Promise<Deno.ConnectOptions> {
    this.#wakeFd = (await this.#next()).wakeFd as number;
    const address = { hostname: freshAddress(), port: freshPort() };
    assert.deepEqual(await this.ask({ do: "listen", address }), { listening: true });
    return address;
  }

  #next(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
  }

  async end(): Promise<void> {
    assert.deepEqual(await this.ask({ do: "end" }), { ended: true });
    this.#worker.terminate();
  }
}

Deno.test({
  name: "an engine that sleeps in the kernel lets all continuations go on before",
  ignore,
  async fn() {
    const thread = new Thread();
    const address = await thread.listen();
    const talk = async (count: number) => {
      using conn = await Deno.connect(address);
      for (let index = 0; index < count; index++) {
        await send(conn, `line ${index}\n`);
        assert.equal(await receive(conn, "\n"), `LINE ${index}\n`);
      }
      await conn.closeWrite();
      assert.equal(await receive(conn), "");
    };
    // One after the other: each answer comes from a loop that had gone to sleep.
    for (let index = 0; index < 20; index++) await talk(5);
    await Promise.all(Array.from({ length: 50 }, () => talk(20)));
    await thread.end();
  },
});

Deno.test({
  name: "an engine that sleeps in the kernel hears every message that is followed by a wake",
  ignore,
  async fn() {
    const thread = new Thread();
    await thread.listen();
    for (let number = 0; number < 1000; number++) {
      assert.deepEqual(await thread.ask({ do: "echo", number }), { echo: number });
    }
    await thread.end();
  },
});

Deno.test({
  name: "an engine that sleeps in the kernel hears messages amid traffic",
  ignore,
  async fn() {
    const thread = new Thread();
    const address = await thread.listen();
    let talking = true;
    const talk = async () => {
      using conn = await Deno.connect(address);
      while (talking) {
        await send(conn, "x\n");
        assert.equal(await receive(conn, "\n"), "X\n");
      }
    };
    const talks = Promise.all(Array.from({ length: 8 }, talk));
    for (let number = 0; number < 300; number++) {
      assert.deepEqual(await thread.ask({ do: "echo", number }), { echo: number });
    }
    talking = false;
    await talks;
    await thread.end();
  },
});

Deno.test({
  name: "an engine that sleeps in the kernel wakes for its timers, and dials for a message",
  ignore,
  async fn() {
    const thread = new Thread();
    const address = await thread.listen();
    for (const ms of [0, 1, 40]) {
      const { waitedMs } = await thread.ask({ do: "wait", ms });
      assert.ok(waitedMs as number >= ms, `${waitedMs} of ${ms} ms`);
    }
    assert.deepEqual(await thread.ask({ do: "ask", address }), { answer: "WORKER" });
    await thread.end();
  },
});
