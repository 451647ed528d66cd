/** The main thread's handle on one thread that serves connections. */
import { wake } from "../linux/wake.ts";
import type { Begin, Requests, Told } from "./messages.ts";

/** How long a thread may take to start, or to answer a question, in milliseconds. */
const ANSWER_MS = 30_000;

/** The code of a thread, beside this file, which a build makes a part of one bundle for the proxy. */
const CODE = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./simplenetes-proxy-worker.js";

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Rejects all questions once the thread failed. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #wakeFd = -1;
  #questions = 0;
  #failure: Error | undefined;

  private constructor(onFailure: (error: Error) => void) {
    this.#worker = new Worker(new URL(CODE, import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(`A thread of the proxy failed: ${event.message}`));
      onFailure(this.#failure!);
    };
  }

  /** @param onFailure Hears that the thread ended by mistake. */
  static async start(begin: Begin, onFailure: (error: Error) => void): Promise<Thread> {
    const thread = new Thread(onFailure);
    const ready = thread.#wait(0, "that it is ready", ANSWER_MS);
    thread.#worker.postMessage(begin);
    try {
      await ready;
    } catch (error) {
      thread.terminate();
      throw error;
    }
    return thread;
  }

  /**
   * Asks the thread for something.
   *
   * @param limitMs How long that may take.
   * @throws Error when the thread failed or does not answer.
   */
  ask<What extends keyof Requests>(
    what: What,
    ask: Requests[What]["ask"],
    limitMs = ANSWER_MS,
  ): Promise<Requests[What]["answer"]> {
    const id = ++this.#questions;
    const answer = this.#wait(id, what, limitMs);
    this.#worker.postMessage({ id, what, ask });
    wake(this.#wakeFd);
    return answer as Promise<Requests[What]["answer"]>;
  }

  terminate(): void {
    this.#worker.terminate();
    this.#fail(new Error("The thread was ended"));
  }

  #wait(id: number, what: string, limitMs: number): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`A thread of the proxy did not answer ${what} within ${limitMs} ms`));
      }, limitMs);
      const settle = <T>(end: (value: T) => void) => (value: T) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        end(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
  }

  #hear(told: Told): void {
    if ("ready" in told) {
      this.#wakeFd = told.ready;
      this.#waiting.get(0)?.resolve(undefined);
    } else if ("error" in told) this.#waiting.get(told.id)?.reject(new Error(told.error));
    else this.#waiting.get(told.id)?.resolve(told.answer);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
  }
}
