/**
 * File events of Linux, by the C library. `Deno.watchFs` opens each path that an event names: a FIFO in
 * a watched directory would hold up all events for ever, and each of its events costs a turn of the
 * event loop. Here events lie in the kernel's queue until they are asked for.
 */

const SYMBOLS = {
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_rm_watch: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32", nonblocking: true },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const POLLIN = 1;
const [EINTR, EAGAIN] = [4, 11];
/** What is there no more, is no directory, or may not be read: nothing to be watched. */
const UNWATCHABLE: ReadonlySet<number> = new Set([2, 13, 20, 40]);

const MASK = {
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyDir: 0x1000000,
  dontFollow: 0x2000000,
  isDir: 0x40000000,
} as const;
const WATCHED = MASK.attrib | MASK.closeWrite | MASK.movedFrom | MASK.movedTo | MASK.create |
  MASK.delete | MASK.deleteSelf | MASK.moveSelf | MASK.onlyDir | MASK.dontFollow;

/** Bytes of an event without its name, and of the buffer for many. */
const EVENT_BYTES = 16;
const BUFFER_BYTES = 64 * 1024;

export interface FileEvent {
  /** What {@link Inotify.add} gave for the directory. */
  readonly watch: number;
  /** Name in that directory; empty for the directory itself. */
  readonly name: string;
  /** What it names is a directory that came or went. */
  readonly movesDirectory: boolean;
  /** The directory is not watched any more. */
  readonly ended: boolean;
  /** Events were lost: anything may have happened. */
  readonly lost: boolean;
}

/** One queue of events. */
export class Inotify {
  readonly #library = Deno.dlopen("libc.so.6", SYMBOLS);
  readonly #libc = this.#library.symbols;
  readonly #queue: number;
  readonly #wake: number;
  readonly #polled = new Uint8Array(16);
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  /** @throws when the system gives none */
  constructor() {
    this.#queue = this.#libc.inotify_init1(NONBLOCK_CLOEXEC);
    this.#wake = this.#libc.eventfd(0, NONBLOCK_CLOEXEC);
    if (this.#queue < 0 || this.#wake < 0) {
      const why = this.#errno();
      this.close();
      throw new Error(`no inotify instance, errno ${why} (fs.inotify.max_user_instances?)`);
    }
    const polled = new DataView(this.#polled.buffer);
    for (const [n, fd] of [this.#queue, this.#wake].entries()) {
      polled.setInt32(n * 8, fd, true);
      polled.setInt16(n * 8 + 4, POLLIN, true);
    }
  }

  /**
   * Watches a directory itself, not what is below it, and no link.
   *
   * @returns its number; `undefined` when it is gone, none, or may not be read
   * @throws when the system gives no more watches
   */
  add(directory: string): number | undefined {
    const path = new TextEncoder().encode(`${directory}\0`);
    const watch = this.#libc.inotify_add_watch(this.#queue, path, WATCHED);
    if (watch >= 0) return watch;
    const errno = this.#errno();
    if (UNWATCHABLE.has(errno)) return undefined;
    const hint = errno === 28 ? " (fs.inotify.max_user_watches)" : "";
    throw new Error(`Cannot watch ${directory}: errno ${errno}${hint}`);
  }

  remove(watch: number): void {
    // It may have ended by itself.
    this.#libc.inotify_rm_watch(this.#queue, watch);
  }

  /** Waits until there are events, for {@link wake}, or, rarely, for nothing. */
  async wait(): Promise<void> {
    await this.#libc.poll(this.#polled, 2, -1);
  }

  /** Ends a {@link wait}, a later one too. */
  wake(): void {
    this.#libc.write(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer), 8);
  }

  /** Takes the events that are there. */
  *read(): Generator<FileEvent> {
    for (;;) {
      const length = this.#libc.read(this.#queue, this.#buffer, BUFFER_BYTES);
      if (length <= 0) {
        const errno = this.#errno();
        if (length === 0 || errno === EAGAIN) return;
        if (errno !== EINTR) throw new Error(`read of events failed, errno ${errno}`);
        continue;
      }
      yield* parseEvents(this.#buffer.subarray(0, length));
    }
  }

  /** Nobody may wait any more. */
  close(): void {
    for (const fd of [this.#queue, this.#wake]) if (fd >= 0) this.#libc.close(fd);
    this.#library.close();
  }

  #errno(): number {
    const location = this.#libc.__errno_location();
    return location ? new Deno.UnsafePointerView(location).getInt32() : 0;
  }
}

/** The events in what the kernel gave, `struct inotify_event` of inotify(7) each. */
export function parseEvents(bytes: Uint8Array): FileEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: FileEvent[] = [];
  for (let at = 0; at + EVENT_BYTES <= bytes.length;) {
    const mask = view.getUint32(at + 4, true);
    const end = at + EVENT_BYTES + view.getUint32(at + 12, true);
    const name = bytes.subarray(at + EVENT_BYTES, end);
    const zero = name.indexOf(0);
    const moves = MASK.movedFrom | MASK.movedTo | MASK.create | MASK.delete;
    events.push({
      watch: view.getInt32(at, true),
      name: new TextDecoder().decode(zero < 0 ? name : name.subarray(0, zero)),
      movesDirectory: (mask & MASK.isDir) !== 0 && (mask & moves) !== 0,
      ended: (mask & (MASK.ignored | MASK.deleteSelf | MASK.moveSelf)) !== 0,
      lost: (mask & MASK.overflow) !== 0,
    });
    at = end;
  }
  return events;
}
