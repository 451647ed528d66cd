/** The old process of a restart towards the new one: gives it the sockets, and tells it how much is in use still. */
import { Ceilings, type Held } from "./ceilings.ts";
import type { HandedOver } from "./linux/handover.ts";
import type { MappingCounts } from "./mapping_counts.ts";
import type { DataPlane, Plan } from "./plan.ts";

/** How often what is in use is looked at, in milliseconds: for the first second, and later. */
const LOOK_MS = { first: 20, later: 200 };
const FIRST_MS = 1000;

export class Successor {
  #ceilings: Ceilings | undefined;
  #link: HandedOver | undefined;
  #over = false;

  /** @param served What serves connections now, and by which plan. */
  constructor(
    private readonly served: () => { readonly plane: DataPlane; readonly plan: Plan },
    private readonly counts: MappingCounts,
  ) {}

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
    const { plane } = this.served();
    try {
      this.#link = await plane.give(path, () => this.#begin(), timeoutMs);
    } catch (error) {
      this.#ceilings = undefined;
      await this.#follow();
      throw error;
    }
    this.#tell().catch(() => this.end()); // The successor is gone, or all has ended here.
  }

  /** All has ended here. */
  end(): void {
    this.#over = true;
    this.#link?.close();
    this.#link = undefined;
  }

  /** Sets the ceilings; gives what is to be told. */
  async #begin(): Promise<readonly Held[]> {
    const { plan } = this.served();
    this.#ceilings = new Ceilings(this.counts.counted(plan.mappings), this.counts.cells);
    await this.#follow();
    return this.#ceilings.news();
  }

  async #tell(): Promise<void> {
    const begun = performance.now();
    let closed = false;
    while (!this.#over && this.#ceilings) {
      const pauseMs = performance.now() - begun < FIRST_MS ? LOOK_MS.first : LOOK_MS.later;
      if (this.#ceilings.isLoose) {
        const { listeners, seeking, waiting } = await this.served().plane.status();
        // Who was accepted until the last listener closed needs room here yet.
        if (closed && seeking === 0 && this.#ceilings.lower(new Set(waiting))) await this.#follow();
        closed = listeners === 0;
      }
      const news = this.#ceilings.news();
      if (news.length > 0) await this.#link?.tell(news);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #follow(): Promise<void> {
    const { plane, plan } = this.served();
    await plane.follow(this.limit(plan));
  }
}
