/** What was done last to each instance, and what went wrong last: for people, `decide` does not read it. */
import type { ActResult } from "./act.ts";
import type { Command, CommandKind } from "./model.ts";

export interface PodRecord {
  readonly action: {
    readonly kind: CommandKind;
    readonly why: string;
    /** Unix milliseconds. */
    readonly beganMs: number;
    /** Absent while it goes on. */
    readonly endedMs?: number;
    readonly ok?: boolean;
  };
  /** The last failure; stays when a later attempt succeeds. */
  readonly error?: { readonly text: string; readonly atMs: number };
}

export class Records {
  readonly #all = new Map<string, PodRecord>();

  get all(): ReadonlyMap<string, PodRecord> {
    return this.#all;
  }

  begin({ id, kind, why }: Command, beganMs: number): void {
    this.#all.set(id, { ...this.#all.get(id), action: { kind, why, beganMs } });
  }

  end(id: string, { ok, error }: ActResult, endedMs: number): void {
    const record = this.#all.get(id);
    if (!record) return;
    this.#all.set(id, {
      ...record,
      action: { ...record.action, endedMs, ok },
      ...(error === undefined ? {} : { error: { text: error, atMs: endedMs } }),
    });
  }

  /** Forgets the instances that are not in `known`. */
  keep(known: { has(id: string): boolean }): void {
    for (const id of this.#all.keys()) if (!known.has(id)) this.#all.delete(id);
  }
}
