/** An eventfd: lets another thread of this process wake one that waits for events. */
import { SystemError } from "./errno.ts";
import { libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** @throws SystemError Without a free file descriptor. */
export function openWake(): number {
  const fd = libc().eventfd(0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) throw new SystemError("Cannot make an eventfd", libc().errno());
  return fd;
}

/** Wakes whoever waits for `fd`, from any thread. */
export function wake(fd: number): void {
  // It can only fail for a counter that is full, and then it is awake anyway.
  libc().write(fd, ONE, ONE.length);
}

/** Forgets all wakes until now. */
export function hearWakes(fd: number): void {
  libc().read(fd, new Uint8Array(8), 8);
}
