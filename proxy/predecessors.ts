/**
 * The new process of a restart towards those before it: counts what they still have. That is the one
 * that it took over from, and others that this one replaced before and that drain still.
 */
import { messageOf } from "./error_message.ts";
import type { Log } from "./log.ts";
import type { Bequest, Taken } from "./linux/handover.ts";
import type { HeldLink } from "./linux/held_link.ts";
import type { MappingCounts } from "./mapping_counts.ts";

/** The talk with one of them. */
export type Link = Pick<HeldLink, "fd" | "held" | "follow" | "pause" | "resume" | "close">;

/** What {@link Predecessors} needs of what was taken. */
export type Before = Pick<Taken, "confirm"> & { readonly links: readonly Link[] };

export class Predecessors {
  readonly #links: Set<Link>;
  #lent: Bequest["before"] | undefined;

  /** @param before `undefined` when nobody is taken over from. */
  constructor(
    private readonly before: Before | undefined,
    private readonly counts: MappingCounts,
    private readonly log: Log,
  ) {
    this.#links = new Set(before?.links);
    for (const link of this.#links) counts.hold(link, link.held);
  }

  /** Tells the last one that this process serves from now on. @throws Error when that goes on itself. */
  async confirm(): Promise<void> {
    await this.before?.confirm();
    for (const link of this.#links) void this.#follow(link);
  }

  /** Hears nothing more for now: what a successor gets to hear from here on. */
  lend(): Bequest["before"] {
    for (const link of this.#links) link.pause();
    return this.#lent = [...this.#links].map((link) => (
      { fd: link.fd, held: this.counts.heldBy(link) }
    ));
  }

  /** What was lent is counted by the successor now, not here. */
  uncount(): void {
    for (const link of this.#links) this.counts.holdNone(link);
  }

  /** There is no successor after all. */
  takeBack(): void {
    for (const { fd, held } of this.#lent ?? []) {
      const link = [...this.#links].find((each) => each.fd === fd);
      if (link) this.counts.hold(link, held);
      link?.resume();
    }
    this.#lent = undefined;
  }

  /** The successor has what was lent, or all ends here. */
  leave(): void {
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  async #follow(link: Link): Promise<void> {
    try {
      await link.follow((held) => this.counts.hold(link, held));
    } catch (error) {
      this.log.warn("Lost sight of the process before", { error: messageOf(error) });
    }
    this.counts.holdNone(link);
    link.close();
    this.#links.delete(link);
  }
}
