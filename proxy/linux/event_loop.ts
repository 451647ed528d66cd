/**
 * One thread's loop over sockets and timers.
 *
 * Code above it is written with promises. What waits for those that a step settled goes on right
 * after it, and before the loop blocks: by {@link microtaskRunner}, or where there is none by a turn of
 * the thread's own event loop (1 to 3 us). That has its turn from time to time anyway, as V8 has work
 * to do there, and tells there of rejections that nobody handles.
 */
import { Epoll, EPOLLIN, reportMistake, type Watcher } from "./epoll.ts";
import { libc } from "./libc.ts";
import { microtaskRunner } from "./microtasks.ts";
import { Timers } from "./timers.ts";
import { hearWakes, openWake, wake } from "./wake.ts";

/**
 * Turns of the thread's event loop that a wake is worth, so that the message which came before it is
 * heard. Most are there after a few, but on a busy machine it can take more than 16: so it first
 * turns without waiting, and then goes on for a while with a little wait before each turn.
 */
const WAKE = { quickTurns: 64, slowTurns: 200, waitMs: 1 };
/** A step that settled a promise is followed by a turn within this many milliseconds. */
const TURN_MS = 50;
/** Steps between two turns of a thread that has other things to do. */
const STEPS_PER_TURN = 64;

/** Work that was put off so that others get their turn. */
export interface Deferred {
  go(): void;
}

export class EventLoop implements Watcher {
  readonly epoll: Epoll;
  /** Write to it with `wake` from any thread to have the thread's own event loop turn. */
  readonly wakeFd: number;
  /** When the last wait ended, on the clock of `performance.now()`. */
  now = performance.now();
  readonly #libc = libc();
  readonly #timers = new Timers();
  #deferred: Deferred[] = [];
  #called = false;
  /** Turns to make before it blocks again. */
  #turns = 0;
  /** When the next turn is due, on the clock of `now`. */
  #turnAt = Infinity;
  #runMicrotasks: (() => void) | undefined;
  /** Waits beside the thread's event loop: what changes has to be told by a wake. */
  #dozing = false;

  /** @throws SystemError Without free file descriptors. */
  constructor() {
    this.epoll = new Epoll(this.#libc);
    this.wakeFd = openWake();
    this.epoll.add(this.wakeFd, EPOLLIN, this);
  }

  /** Hears wakes. */
  ready(): void {
    hearWakes(this.wakeFd);
    this.#turns = WAKE.quickTurns + WAKE.slowTurns;
  }

  /** To be called by whoever settles a promise or calls a callback: what follows gets its turn. */
  calls(): void {
    this.#called = true;
  }

  /** Calls `action` once after `ms` milliseconds. The returned function cancels it. */
  after(ms: number, action: () => void): () => void {
    const cancel = this.#timers.add(performance.now() + ms, action);
    if (this.#dozing) wake(this.wakeFd);
    return cancel;
  }

  /** Lets `work` go on after others had their turn. */
  defer(work: Deferred): void {
    this.#deferred.push(work);
    if (this.#dozing) wake(this.wakeFd);
  }

  /**
   * Runs until `signal` tells to end. Whoever aborts it from a thread that blocks wakes it too.
   *
   * @param shared Whether the thread has timers and files of its own to attend to, as that of a
   * test has. Then nothing blocks it, at the price of some 50 us for each wait.
   */
  run(signal: AbortSignal, shared: boolean): Promise<void> {
    return shared ? this.#runBeside(signal) : this.#runAlone(signal);
  }

  /** Closes what it needed. Only after `run` ended. */
  close(): void {
    this.epoll.close();
    this.#libc.close(this.wakeFd);
  }

  #runAlone(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        try {
          if (signal.aborted) return resolve();
          if (this.#turns > 0) this.#turns--;
          this.#turnAt = Infinity;
          // A thread that nothing but a timer wakes has its turn then, and is not woken once more for it.
          let events: number;
          do {
            events = this.#step(this.#mayWaitMs());
            if (this.#called) this.#goOn();
          } while (events > 0 && this.#turns === 0 && this.now < this.#turnAt);
          setImmediate(turn);
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(() => {
        this.#runMicrotasks = microtaskRunner();
        turn();
      });
    });
  }

  /** What a step called goes on; without a way to do that here, by a turn at once. */
  #goOn(): void {
    this.#called = false;
    if (!this.#runMicrotasks) this.#turnAt = -Infinity;
    else {
      this.#runMicrotasks();
      if (this.#turnAt === Infinity) this.#turnAt = this.now + TURN_MS;
    }
  }

  async #runBeside(signal: AbortSignal): Promise<void> {
    const stir = () => wake(this.wakeFd);
    signal.addEventListener("abort", stir);
    const pollFd = new Int32Array(new ArrayBuffer(8));
    pollFd.set([this.epoll.fd, EPOLLIN]);
    while (!signal.aborted) {
      let steps = 0;
      while (this.#step(0) > 0 && ++steps < STEPS_PER_TURN);
      const waitMs = this.#waitMs();
      if (steps < STEPS_PER_TURN && waitMs !== 0) {
        this.#dozing = true;
        await this.#libc.poll(pollFd, 1, waitMs);
        this.#dozing = false;
      } else await new Promise((resolve) => setImmediate(resolve));
    }
    signal.removeEventListener("abort", stir);
  }

  #step(waitMs: number): number {
    const events = this.epoll.wait(waitMs);
    this.now = performance.now();
    this.epoll.tell(events);
    for (let due = this.#timers.take(this.now); due; due = this.#timers.take(this.now)) {
      this.#called = true;
      attempt(due);
    }
    if (this.#deferred.length > 0) {
      const work = this.#deferred;
      this.#deferred = [];
      for (const each of work) attempt(() => each.go());
    }
    return events;
  }

  /** How long a thread that is all its own may wait. */
  #mayWaitMs(): number {
    if (this.#turns > WAKE.slowTurns) return 0;
    const waitMs = this.#waitMs();
    return this.#turns > 0 && waitMs !== 0 ? WAKE.waitMs : waitMs;
  }

  /** How long nothing is to be done, in whole milliseconds; -1 for without end. */
  #waitMs(): number {
    if (this.#deferred.length > 0) return 0;
    const next = Math.min(this.#timers.next ?? Infinity, this.#turnAt);
    if (next === Infinity) return -1;
    return Math.min(Math.max(0, Math.ceil(next - performance.now())), 0x7fffffff);
  }
}

function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    reportMistake(error);
  }
}
