/** What to order when. Pure. */
import type { Wanted } from "./certs_list.ts";

/** Times of a certificate at hand, Unix milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** `setup`: found by us before the CA was asked, which costs nothing; `ca`: counts for its limits. */
export type FailureKind = "setup" | "ca";

/** What became of the last attempts for one certificate. */
export interface Failure {
  readonly kind: FailureKind;
  /** In a row. */
  readonly count: number;
  readonly atMs: number;
  /** Not before this time it is tried again. */
  readonly retryMs: number;
  readonly reason: string;
}

export type Step =
  | { readonly kind: "order"; readonly wanted: Wanted }
  /** Nothing to do before `untilMs`; `undefined`: before the list changes. */
  | { readonly kind: "wait"; readonly untilMs: number | undefined };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Waits after the first failure, and the longest. Let's Encrypt allows 5 failed validations of a
 * name in an hour; a mistake in DNS is looked for more often, as that asks the CA nothing, and at
 * first at once, as in a new cluster the ingress may start after this program.
 */
const BACKOFF: Record<FailureKind, { readonly firstMs: number; readonly mostMs: number }> = {
  setup: { firstMs: 5_000, mostMs: 10 * MINUTE_MS },
  ca: { firstMs: 15 * MINUTE_MS, mostMs: 12 * HOUR_MS },
};

/** When a certificate is to be renewed: a third of its lifetime is left. */
export function renewMs({ notBeforeMs, notAfterMs }: Validity): number {
  return notAfterMs - (notAfterMs - notBeforeMs) / 3;
}

/**
 * What to do next: the certificate that is most urgent, those missing first, unless a failure says
 * to wait.
 */
export function nextStep(
  wanted: readonly Wanted[],
  held: ReadonlyMap<string, Validity>,
  failures: ReadonlyMap<string, Failure>,
  nowMs: number,
): Step {
  const plans = wanted.map((each) => {
    const validity = held.get(each.name);
    const dueMs = validity === undefined ? 0 : renewMs(validity);
    const failure = failures.get(each.name);
    const atMs = failure && standing(failure, nowMs) ? Math.max(dueMs, failure.retryMs) : dueMs;
    return { wanted: each, atMs, urgency: validity?.notAfterMs ?? 0 };
  });
  const due = plans.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.urgency - b.urgency)[0];
  if (due) return { kind: "order", wanted: due.wanted };
  if (plans.length === 0) return { kind: "wait", untilMs: undefined };
  return { kind: "wait", untilMs: Math.min(...plans.map(({ atMs }) => atMs)) };
}

/** A failure from the future, by a clock that was set back, must not hold up for years. */
function standing(failure: Failure, nowMs: number): boolean {
  return failure.atMs <= nowMs + MINUTE_MS;
}

/**
 * The record of a failure.
 *
 * @param before What was recorded of this certificate so far.
 * @param askedMs How long the CA wants to be left alone, 0 when it said nothing.
 * @param random From 0 to 1: many clusters that failed together should not come back together.
 */
export function failed(
  before: Failure | undefined,
  kind: FailureKind,
  reason: string,
  nowMs: number,
  askedMs: number,
  random: number,
): Failure {
  const count = before?.kind === kind ? before.count + 1 : 1;
  const { firstMs, mostMs } = BACKOFF[kind];
  const waitMs = Math.min(mostMs, firstMs * 2 ** Math.min(count - 1, 30)) * (1 + random / 4);
  const retryMs = Math.round(nowMs + Math.max(waitMs, askedMs));
  return { kind, count, atMs: nowMs, retryMs, reason };
}
