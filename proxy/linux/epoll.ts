/** Readiness of file descriptors: an epoll instance, and who wants to hear of which descriptor. */
import { EINTR, SystemError } from "./errno.ts";
import { type Libc, SOCK_CLOEXEC } from "./libc.ts";

export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
/** Wake one of those who wait for the same socket, not all. */
export const EPOLLEXCLUSIVE = 0x10000000;
/** Tell of changes only. */
export const EPOLLET = 0x80000000;

const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;
/** Events taken from the kernel at once. */
const BATCH = 512;
/** `struct epoll_event` is packed on x86_64 only. In units of 4 bytes: */
const PACKED = Deno.build.arch === "x86_64";
const [STRIDE, DATA] = PACKED ? [3, 1] : [4, 2];

/** Who hears of a file descriptor. */
export interface Watcher {
  /** @param events Bits of `EPOLLIN` and so on. */
  ready(events: number): void;
}

/** A mistake that one watcher makes concerns no other: it counts as a rejection that nobody handled. */
export function reportMistake(error: unknown): void {
  Promise.reject(error);
}

/**
 * Each registration has a number of its own, so that an event which waits in a batch while its
 * descriptor is closed and opened anew is not taken for one of the new owner.
 */
export class Epoll {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #watchers: (Watcher | undefined)[] = [];
  readonly #registrations: number[] = [];
  #registration = 0;
  readonly #one = new Uint32Array(new ArrayBuffer(16));
  readonly #batch = new Uint32Array(new ArrayBuffer(BATCH * STRIDE * 4));

  /** @throws SystemError Without a free file descriptor. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.fd = libc.epoll_create1(SOCK_CLOEXEC);
    if (this.fd < 0) throw new SystemError("Cannot make an epoll instance", libc.errno());
  }

  /** Tells `watcher` of `events` at `fd`. @throws SystemError */
  add(fd: number, events: number, watcher: Watcher): void {
    this.#registration = (this.#registration + 1) >>> 0;
    this.#control(CTL_ADD, fd, events, this.#registration);
    while (this.#watchers.length <= fd) {
      this.#watchers.push(undefined);
      this.#registrations.push(0);
    }
    this.#watchers[fd] = watcher;
    this.#registrations[fd] = this.#registration;
  }

  /** Tells of other events at `fd` from now on, and of those among them that are the case now. @throws SystemError */
  change(fd: number, events: number): void {
    this.#control(CTL_MOD, fd, events, this.#registrations[fd]!);
  }

  /** What happens at `fd` is told to `watcher` from now on. */
  replace(fd: number, watcher: Watcher): void {
    this.#watchers[fd] = watcher;
  }

  /** Tells nothing more of `fd`. Also the way to end it when another process has the same socket. */
  remove(fd: number): void {
    this.#watchers[fd] = undefined;
    this.#libc.epoll_ctl(this.fd, CTL_DEL, fd, this.#one);
  }

  /** Like `remove`, for a descriptor that is closed right after: then the kernel forgets it by itself. */
  forget(fd: number): void {
    this.#watchers[fd] = undefined;
  }

  /**
   * Waits for events; {@link tell} them next.
   *
   * @param timeoutMs 0 to only look, -1 for without end.
   * @returns The number of events.
   */
  wait(timeoutMs: number): number {
    const count = this.#libc.epoll_wait(this.fd, this.#batch, BATCH, timeoutMs);
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    if (errno !== EINTR) throw new SystemError("Cannot wait for events", errno);
    return 0;
  }

  /** Tells the `count` events that {@link wait} found. */
  tell(count: number): void {
    const batch = this.#batch;
    for (let index = 0, at = 0; index < count; index++, at += STRIDE) {
      const fd = batch[at + DATA]!;
      if (batch[at + DATA + 1] === this.#registrations[fd]) {
        try {
          this.#watchers[fd]?.ready(batch[at]!);
        } catch (error) {
          reportMistake(error);
        }
      }
    }
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  #control(operation: number, fd: number, events: number, registration: number): void {
    this.#one[0] = events;
    this.#one[DATA] = fd;
    this.#one[DATA + 1] = registration;
    if (this.#libc.epoll_ctl(this.fd, operation, fd, this.#one) < 0) {
      throw new SystemError("Cannot watch a socket", this.#libc.errno());
    }
  }
}
