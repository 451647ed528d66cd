/// <reference lib="webworker" />
/** One thread that serves connections: a core on an engine of its own. Its event loop is the engine's. */
import { AcceptFailures } from "../accept_failures.ts";
import { mergeSnapshots } from "../admin/snapshot.ts";
import { Core } from "../core.ts";
import type { Listener } from "../engine.ts";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { logOfEnvironment } from "../log_settings.ts";
import type { Asked, Begin, Requests, Told } from "./messages.ts";

declare const self: DedicatedWorkerGlobalScope;

const tell = (told: Told) => self.postMessage(told);
const log = logOfEnvironment();
const engine = new LinuxEngine();
const failures = new AcceptFailures(log);

/** Accepts from the sockets that all threads share. */
class SharedListeners {
  readonly #listeners = new Map<number, Listener>();
  readonly #accept: (fd: number, port: number) => Listener;

  constructor(core: Core) {
    this.#accept = engine.acceptor(
      (connection, port) => core.serve(connection, port),
      (error) => failures.note(error),
    );
  }

  async share({ open, drop }: Requests["share"]["ask"]): Promise<void> {
    for (const fd of drop) {
      const listener = this.#listeners.get(fd);
      this.#listeners.delete(fd);
      await listener?.close();
    }
    for (let at = 0; at < open.length; at += 2) {
      const fd = open[at]!;
      const port = open[at + 1]!;
      this.#listeners.set(fd, this.#accept(fd, port));
    }
  }
}

/** Answers what the main thread asks. */
function answering({ first, share }: Begin): (asked: Asked) => Promise<unknown> {
  const core = new Core(engine, log, first, () => performance.now(), share);
  const listeners = new SharedListeners(core);
  const answers: {
    [What in keyof Requests]: (
      ask: Requests[What]["ask"],
    ) => Requests[What]["answer"] | Promise<Requests[What]["answer"]>;
  } = {
    apply: ({ plan }) => core.apply(plan),
    share: (ask) => listeners.share(ask),
    status: () => core.status(),
    metrics: async () => mergeSnapshots([await core.metrics(), failures.metrics()]),
    drain: ({ limitMs }) => core.drain(limitMs),
    stop: () => core.stop(),
  };
  return async ({ what, ask }) => await answers[what](ask as never);
}

// A mistake in the service of one connection must not end all the others.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  log.error("Unexpected error", { error: event.reason?.stack ?? String(event.reason) });
});

self.onmessage = ({ data: begin }: MessageEvent<Begin>) => {
  const answer = answering(begin);
  self.onmessage = ({ data: asked }: MessageEvent<Asked>) => {
    answer(asked).then(
      (result) => tell({ id: asked.id, answer: result }),
      (error) => tell({ id: asked.id, error: error?.stack ?? String(error) }),
    );
  };
  engine.run(new AbortController().signal).catch((error) => reportError(error));
  tell({ ready: engine.wakeFd });
};
