/** Counts the connections that the old version still has when it gets no new ones any more. */
import type { ReleaseView } from "./model.ts";
import { replicaName } from "./plan.ts";

export interface Drained {
  /** Connections that were open when the traffic left; `undefined` when a host does not tell. */
  readonly open: number | undefined;
  /** Those of them that were still open when the old version was ended. */
  readonly cut: number | undefined;
}

export class DrainWatch {
  readonly #seen = new Map<string, { first: number | undefined; last: number | undefined }>();

  /** Takes notice of one look; only replicas that run without routes are counted. */
  look({ replicas }: ReleaseView): void {
    for (const replica of replicas) {
      if (replica.wanted || replica.state !== "running" || replica.live?.routed !== "none") {
        continue;
      }
      const { connections } = replica.live;
      const first = this.#seen.get(replicaName(replica))?.first ?? connections;
      this.#seen.set(replicaName(replica), { first, last: connections });
    }
  }

  result(): Drained {
    const all = [...this.#seen.values()];
    const sum = (values: readonly (number | undefined)[]) =>
      values.some((value) => value === undefined)
        ? undefined
        : values.reduce<number>((total, value) => total + value!, 0);
    return { open: sum(all.map(({ first }) => first)), cut: sum(all.map(({ last }) => last)) };
  }
}
