/** The old process of a restart: gives the new one the sockets, and tells it how much is in use still. */
import { Ceilings } from "./ceilings.ts";
import { messageOf } from "./error_message.ts";
import type { Bequest, HandedOver } from "./linux/handover.ts";
import type { Log } from "./log.ts";
import type { MappingCounts } from "./mapping_counts.ts";
import type { DataPlane, Plan } from "./plan.ts";
import type { Predecessors } from "./predecessors.ts";

/** How often what is in use is looked at, in milliseconds: for the first second, and later. */
const LOOK_MS = { first: 20, later: 200 };
const FIRST_MS = 1000;

export interface SuccessorOptions {
  /** What serves connections now, and by which plan. */
  readonly served: () => {
    readonly plane: Pick<DataPlane, "give" | "follow" | "status">;
    readonly plan: Plan;
  };
  readonly counts: MappingCounts;
  readonly predecessors: Predecessors;
  readonly log: Log;
  /** Waits before the next look. */
  readonly pause?: (ms: number) => Promise<void>;
}

export class Successor {
  #ceilings: Ceilings | undefined;
  #link: HandedOver | undefined;
  #over = false;
  /** Whether all threads follow the ceilings as they are. */
  #inForce = true;
  /** No listener was open at the last look. */
  #closed = false;
  readonly #pause: (ms: number) => Promise<void>;

  constructor(private readonly options: SuccessorOptions) {
    this.#pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** `plan` as far as it may be followed here. */
  limit(plan: Plan): Plan {
    return this.#ceilings ? { ...plan, mappings: this.#ceilings.limit(plan.mappings) } : plan;
  }

  /**
   * Gives the sockets at the unix socket `path`; once that resolves, another process serves.
   *
   * @throws Error when nobody took and served them in time; nothing has changed then.
   */
  async give(path: string, timeoutMs: number): Promise<void> {
    const { served, predecessors } = this.options;
    try {
      this.#link = await served().plane.give(path, () => this.#begin(), timeoutMs);
    } catch (error) {
      predecessors.takeBack();
      this.#ceilings = undefined;
      await this.#follow();
      throw error;
    }
    predecessors.leave();
    void this.#tell();
  }

  /** All has ended here. */
  end(): void {
    this.#over = true;
    this.#link?.close();
    this.#link = undefined;
  }

  /** Sets the ceilings; gives what the successor has to know. */
  async #begin(): Promise<Bequest> {
    const { served, counts, predecessors } = this.options;
    const before = predecessors.lend();
    this.#ceilings = new Ceilings(counts.counted(served().plan.mappings), counts.cells);
    await this.#follow();
    predecessors.uncount();
    return { held: this.#ceilings.news(), before };
  }

  /**
   * Tells it until all has ended here. Nothing less ends the talk: the successor takes that for the end
   * of all connections. If this process can't look, what it told last stays in force.
   */
  async #tell(): Promise<void> {
    const begun = performance.now();
    while (!this.#over && this.#link) {
      await this.#lower().catch((error) => {
        this.options.log.often("Cannot look how much is in use", { error: messageOf(error) });
      });
      const news = this.#inForce ? this.#ceilings?.news() ?? [] : [];
      try {
        if (news.length > 0) await this.#link?.tell(news);
      } catch {
        return this.end(); // The successor is gone, or all has ended here.
      }
      await this.#pause(performance.now() - begun < FIRST_MS ? LOOK_MS.first : LOOK_MS.later);
    }
  }

  /** Gives up what is not in use. */
  async #lower(): Promise<void> {
    if (this.#ceilings?.isLoose) {
      const { listeners, seeking, waiting } = await this.options.served().plane.status();
      // Who was accepted until the last listener closed needs room here yet.
      const lowered = this.#closed && seeking === 0 && this.#ceilings.lower(new Set(waiting));
      if (lowered) this.#inForce = false;
      this.#closed = listeners === 0;
    }
    if (this.#inForce) return;
    await this.#follow();
    this.#inForce = true;
  }

  async #follow(): Promise<void> {
    const { plane, plan } = this.options.served();
    await plane.follow(this.limit(plan));
  }
}
