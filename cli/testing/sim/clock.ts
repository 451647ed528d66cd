/** Virtual time: events in the order of their time, and between two of them everything that they woke. */
import { setImmediate } from "node:timers";

interface Event {
  readonly at: number;
  /** Tells events of the same time apart. */
  readonly number: number;
  readonly action: () => void;
  cancelled: boolean;
}

export class Clock {
  /** Milliseconds since the begin. */
  now = 0;
  /** A heap: the next event first. */
  readonly #events: Event[] = [];
  #count = 0;

  /** Does `action` after `delayMs`; call the result to prevent it. */
  after(delayMs: number, action: () => void): () => void {
    const event = { at: this.now + delayMs, number: ++this.#count, action, cancelled: false };
    this.#push(event);
    return () => void (event.cancelled = true);
  }

  /** A promise for `delayMs` from now. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Lets time pass until nothing is due any more, or `until` holds.
   *
   * @throws {Error} when that takes more than `limitMs` of virtual time
   */
  async run(until: () => boolean, limitMs: number): Promise<void> {
    const end = this.now + limitMs;
    await settle();
    while (!until()) {
      const event = this.#pop();
      if (event === undefined) return;
      if (event.cancelled) continue;
      if (event.at > end) throw new Error(`No end within ${limitMs} ms`);
      this.now = event.at;
      event.action();
      await settle();
    }
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}

/** All promises that can go on have gone on. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
