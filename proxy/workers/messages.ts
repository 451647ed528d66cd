/** What the threads of a proxy say to each other. */
import type { MetricsSnapshot } from "../admin/snapshot.ts";
import type { Core } from "../core.ts";
import type { Plan } from "../plan.ts";
import type { ThreadShare } from "../thread_share.ts";

/** The first message to a thread. */
export interface Begin {
  readonly first: Plan;
  readonly share: ThreadShare;
}

/** What a thread can be asked for, and what it answers. */
export interface Requests {
  /** Follow a plan. */
  apply: { ask: { readonly plan: Plan }; answer: void };
  /**
   * Accept from some sockets too, and from others no more. Once answered, these may be closed. Sockets
   * to open are pairs of descriptor and port; as numbers, tens of thousands weigh little on their way.
   */
  share: {
    ask: { readonly open: Int32Array; readonly drop: Int32Array };
    answer: void;
  };
  status: { ask: Record<never, never>; answer: ReturnType<Core["status"]> };
  metrics: { ask: Record<never, never>; answer: MetricsSnapshot };
  drain: { ask: { readonly limitMs: number }; answer: void };
  stop: { ask: Record<never, never>; answer: void };
}

/** A request on its way. */
export type Asked = {
  readonly [What in keyof Requests]: {
    readonly id: number;
    readonly what: What;
    readonly ask: Requests[What]["ask"];
  };
}[keyof Requests];

/** What comes back: the thread is ready, or an answer, or why there is none. */
export type Told =
  | { readonly ready: number }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
