/**
 * Connections whose other end is gone without a word: a host without power, a network that is cut.
 *
 * The kernel would keep one for ten minutes and more. Here it is reset as soon as nothing was acknowledged
 * for as long as the settings say, though something was sent again or asked for. `TCP_USER_TIMEOUT` is no
 * way to do that: it also ends connections whose reader takes nothing but is alive.
 */
import { isLoopback } from "../address_kinds.ts";
import type { LossRule } from "../engine.ts";
import type { LinuxConnection } from "./connection.ts";
import type { Deferred, EventLoop } from "./event_loop.ts";
import {
  AF_UNSPEC,
  IPPROTO_TCP,
  type Libc,
  TCP_INFO,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "./libc.ts";
import { ADDRESS_BYTES } from "./socket_address.ts";

/**
 * A silent connection is asked for a sign of life after so many seconds, then again each so many; whether
 * it is lost is decided here, so the kernel goes on asking for long.
 */
const ASK = { firstSeconds: 10, nextSeconds: 5, times: 127 };
/** Questions, or sendings of the same bytes, without an answer: fewer may be the loss of a packet. */
const UNANSWERED = 2;
/** How often connections are looked at: this part of the silence that is allowed, but not more seldom. */
const LOOK = { part: 1 / 4, mostMs: 5000 };
/** Connections looked at before others get their turn. */
const SLICE = 256;

const OPTIONS = [
  [TCP_KEEPIDLE, ASK.firstSeconds],
  [TCP_KEEPINTVL, ASK.nextSeconds],
  [TCP_KEEPCNT, ASK.times],
].map(([option, value]) => [option!, new Int32Array([value!])] as const);
/** `sockaddr` of no family: connecting to it ends a connection, with a reset. */
const NOWHERE = new Uint8Array(ADDRESS_BYTES).fill(AF_UNSPEC);
/** As much of `struct tcp_info` (linux/tcp.h) as is read, and room for its length. */
const INFO = new DataView(new ArrayBuffer(60));
const INFO_BYTES = new Uint8Array(INFO.buffer);
const LENGTH = new Uint32Array(1);

/** What the kernel knows of a connection. */
export interface Signs {
  /** How often the same bytes were sent again without being acknowledged. */
  readonly resent: number;
  /** Questions for a sign of life, or for room, that have no answer yet. */
  readonly asked: number;
  /** Milliseconds since the other end acknowledged anything. */
  readonly silentMs: number;
}

/** Whether the other end is to be taken for gone. */
export function isLost({ resent, asked, silentMs }: Signs, allowedMs: number): boolean {
  return silentMs > allowedMs && Math.max(resent, asked) >= UNANSWERED;
}

/** Finds such connections of one engine, and resets them. */
export class LostConnections implements Deferred {
  #own = new Set<string>();
  #rule: LossRule | undefined;
  #left: LinuxConnection[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(
    private readonly connections: ReadonlySet<LinuxConnection>,
    private readonly libc: Libc,
    private readonly loop: EventLoop,
  ) {}

  /** From now on. The next look comes when it would have come, unless its time has changed. */
  follow(rule: LossRule): void {
    const before = this.#rule?.silentMs ?? 0;
    this.#rule = rule;
    this.#own = new Set(rule.own);
    if (rule.silentMs === before) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (rule.silentMs > 0) this.#lookLater(rule.silentMs);
  }

  /** Has the kernel ask for signs of life on a connection with `hostname`, unless that is this machine. */
  watch(fd: number, hostname: string): void {
    if (!this.#isFar(hostname)) return;
    for (const [option, value] of OPTIONS) {
      this.libc.setsockopt(fd, IPPROTO_TCP, option, value, 4);
    }
  }

  go(): void {
    const { silentMs, onLost } = this.#rule!;
    if (silentMs === 0) this.#left = [];
    for (const connection of this.#left.splice(0, SLICE)) {
      const { hostname } = connection.remote;
      if (!connection.open || !this.#isFar(hostname)) continue;
      const signs = this.#signs(connection.fd);
      if (!signs || !isLost(signs, silentMs)) continue;
      // Whoever has it hears of a reset, as if the other end had sent one.
      this.libc.connect(connection.fd, NOWHERE, NOWHERE.length);
      onLost(hostname);
    }
    if (this.#left.length > 0) this.loop.defer(this);
    else if (silentMs > 0) this.#lookLater(silentMs);
  }

  #isFar(hostname: string): boolean {
    return this.#rule !== undefined && !this.#own.has(hostname) && !isLoopback(hostname);
  }

  #lookLater(silentMs: number): void {
    this.#stopTimer ??= this.loop.after(Math.min(silentMs * LOOK.part, LOOK.mostMs), () => {
      this.#stopTimer = undefined;
      const ongoing = this.#left.length > 0;
      this.#left = [...this.connections];
      if (!ongoing) this.go();
    });
  }

  #signs(fd: number): Signs | undefined {
    LENGTH[0] = INFO.byteLength;
    if (this.libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, INFO_BYTES, LENGTH) < 0) return undefined;
    return {
      resent: INFO.getUint8(2),
      asked: INFO.getUint8(3),
      silentMs: INFO.getUint32(56, true),
    };
  }
}
