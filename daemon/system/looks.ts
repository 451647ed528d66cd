/** When to look for the host homes of which account. Pure. */
import type { Account } from "./account.ts";

/** Looks that go on at a time: one that hangs holds up no more than its own account. */
const PARALLEL = 4;
/** Milliseconds per account: many accounts are looked at less often each, not more often in all. */
const SPACING_MS = 1_000;

export class Looks {
  readonly #dueAt = new Map<number, number>();
  readonly #busy = new Set<number>();

  /** @param everyMs milliseconds between two looks at one account */
  constructor(readonly everyMs: number) {}

  /** The accounts to look at now, those that waited longest first; each is busy until {@link ended}. */
  begin(accounts: readonly Account[], now: number): readonly Account[] {
    const dueAt = ({ uid }: Account) => this.#dueAt.get(uid) ?? -Infinity;
    const due = accounts
      .filter((account) => !this.#busy.has(account.uid) && dueAt(account) <= now)
      .toSorted((a, b) => dueAt(a) - dueAt(b))
      .slice(0, Math.max(0, PARALLEL - this.#busy.size));
    for (const { uid } of due) {
      this.#busy.add(uid);
      this.#dueAt.set(uid, now + Math.max(this.everyMs, accounts.length * SPACING_MS));
    }
    return due;
  }

  ended({ uid }: Account): void {
    this.#busy.delete(uid);
  }

  /** Whether each account was looked at to the end at least once. */
  allDone(accounts: readonly Account[]): boolean {
    return accounts.every(({ uid }) => this.#dueAt.has(uid) && !this.#busy.has(uid));
  }
}
