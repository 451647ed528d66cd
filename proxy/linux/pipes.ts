/** Pipes through which bulk streams are spliced without being copied, kept for reuse. */
import { libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";
import type { LinuxConnection } from "./connection.ts";

const F_SETPIPE_SZ = 1031;
/** `SPLICE_F_MOVE | SPLICE_F_NONBLOCK` */
const FLAGS = 3;
/** More than any pipe takes at once. */
const MOST = 1 << 20;

/** The kernel's buffer between two sockets. */
export class Pipe {
  /** Bytes in it. */
  held = 0;

  constructor(readonly readFd: number, readonly writeFd: number) {}

  /** Takes bytes from `source`: how many, 0 at its end, or the errno, negative. */
  fill(source: LinuxConnection): number {
    if (source.ended) return 0;
    const length = libc().splice(source.fd, null, this.writeFd, null, MOST, FLAGS);
    if (length <= 0) return source.judgeRead(length);
    this.held += length;
    return length;
  }

  /** Gives what it holds to `sink`: how many bytes, or the errno, negative. */
  drain(sink: LinuxConnection): number {
    const length = libc().splice(this.readFd, null, sink.fd, null, this.held, FLAGS);
    if (length < 0) return sink.judgeWrite();
    this.held -= length;
    return length;
  }
}

/** As many pipes as it may have; who gets none copies. */
export class Pipes {
  readonly #libc = libc();
  readonly #free: Pipe[] = [];
  #count = 0;

  /**
   * @param limit How many there are at most.
   * @param bytes Their size; the kernel's default (64 kB) where it is less, or the user has many large ones.
   */
  constructor(private readonly limit: number, private readonly bytes: number) {}

  /** A pipe, empty; `undefined` when there is none to be had. */
  take(): Pipe | undefined {
    return this.#free.pop() ?? this.#make();
  }

  /** Takes `pipe` back. One that still holds bytes of its stream is not used again. */
  give(pipe: Pipe): void {
    if (pipe.held === 0) this.#free.push(pipe);
    else this.#close(pipe);
  }

  /** Closes those that are not in use. */
  close(): void {
    for (const pipe of this.#free.splice(0)) this.#close(pipe);
  }

  #make(): Pipe | undefined {
    if (this.#count >= this.limit) return undefined;
    const fds = new Int32Array(2);
    if (this.#libc.pipe2(fds, SOCK_NONBLOCK | SOCK_CLOEXEC) < 0) return undefined;
    // Where the user has used up what it may have of large pipes, a small one is as right.
    if (this.bytes > 0) this.#libc.fcntl(fds[1]!, F_SETPIPE_SZ, this.bytes);
    this.#count++;
    return new Pipe(fds[0]!, fds[1]!);
  }

  #close({ readFd, writeFd }: Pipe): void {
    this.#libc.close(readFd);
    this.#libc.close(writeFd);
    this.#count--;
  }
}
