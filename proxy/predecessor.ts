/** The new process of a restart towards the old one: counts what that still has. */
import { messageOf } from "./error_message.ts";
import type { Log } from "./log.ts";
import type { MappingCounts } from "./mapping_counts.ts";
import type { Inheritance } from "./takeover.ts";

export class Predecessor {
  #ended: Promise<void> = Promise.resolve();

  /** @param before `undefined` when nobody is taken over from. */
  constructor(
    private readonly before: Inheritance | undefined,
    private readonly counts: MappingCounts,
    private readonly log: Log,
  ) {
    counts.hold(before?.held ?? []);
  }

  /** Tells it that this process serves from now on. */
  confirm(): void {
    const { before, counts, log } = this;
    if (!before) return;
    before.confirm();
    this.#ended = before.follow((held) => counts.hold(held))
      .catch((error) => log.warn("Lost sight of the process before", { error: messageOf(error) }))
      .finally(() => {
        counts.holdNone();
        before.close();
      });
  }

  /** Waits for its end, at most `limitMs`. */
  async end(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, Math.max(0, limitMs)));
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
  }
}
