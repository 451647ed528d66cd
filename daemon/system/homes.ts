/** The host homes that are served now. */
import type { Account } from "./account.ts";
import type { HomeKeeper, HomeState } from "./home_keeper.ts";

/** One of them, for `simplenetesd status`. */
export interface ServedHome extends HomeState {
  readonly home: string;
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

export interface HomesDeps {
  /** Makes the keeper of a home. */
  readonly keeper: (account: Account, home: string) => HomeKeeper;
  /** Ends all keepers, in good order and at once. */
  readonly stop: AbortSignal;
  readonly stopNow: AbortSignal;
}

interface Kept {
  readonly account: Account;
  readonly keeper: HomeKeeper;
  readonly end: AbortController;
  readonly done: Promise<void>;
}

export class Homes {
  readonly #kept = new Map<string, Kept>();

  constructor(readonly deps: HomesDeps) {}

  /** Serves exactly `homes` of `account` from now on. */
  set(account: Account, homes: readonly string[]): void {
    for (const [home, kept] of this.#kept) {
      const same = kept.account.uid === account.uid;
      // A home that has another owner now is served anew when its old process has ended.
      if (same ? !homes.includes(home) : homes.includes(home)) kept.end.abort();
    }
    for (const home of homes) if (!this.#kept.has(home)) this.#keep(account, home);
  }

  /** Lets go of the homes of all accounts but these. */
  retain(accounts: readonly Account[]): void {
    const uids = new Set(accounts.map(({ uid }) => uid));
    for (const { account, end } of this.#kept.values()) if (!uids.has(account.uid)) end.abort();
  }

  /** Sorted by path. */
  list(): readonly ServedHome[] {
    return [...this.#kept].toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([home, { account, keeper }]) => ({
        home,
        user: account.name,
        uid: account.uid,
        gid: account.gid,
        ...keeper.state,
      }));
  }

  /** Waits until all have ended, which `stop` asks for. */
  async ended(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ done }) => done));
  }

  #keep(account: Account, home: string): void {
    const keeper = this.deps.keeper(account, home);
    const end = new AbortController();
    const stop = AbortSignal.any([this.deps.stop, end.signal]);
    const done = keeper.keep(stop, this.deps.stopNow).finally(() => this.#kept.delete(home));
    this.#kept.set(home, { account, keeper, end, done });
  }
}
