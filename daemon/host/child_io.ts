/** The pipes of a child process: reading its output under a limit, feeding its input. */

/** A child wrote more than it may. */
export class OutputLimitError extends Error {
  override readonly name = "OutputLimitError";
}

export interface CollectOptions {
  readonly maxOutputBytes: number;
  /** `fail` by default; `keep-last` keeps about the last `maxOutputBytes`. */
  readonly overflow?: "fail" | "keep-last";
}

/**
 * Reads `stream` to its end, or until `stop` aborts: then what came so far is returned.
 *
 * @throws {OutputLimitError} when more comes than is allowed; the stream is cancelled then.
 */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  { maxOutputBytes, overflow = "fail" }: CollectOptions,
  stop: AbortSignal,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel();
  stop.addEventListener("abort", cancel);
  if (stop.aborted) cancel();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(chunks, length);
      length += value.length;
      chunks.push(value);
      if (length <= maxOutputBytes) continue;
      if (overflow === "fail") {
        throw new OutputLimitError(`more than ${maxOutputBytes} bytes of output`);
      }
      while (length - chunks[0]!.length >= maxOutputBytes) length -= chunks.shift()!.length;
    }
  } finally {
    stop.removeEventListener("abort", cancel);
    await reader.cancel();
  }
}

/**
 * Hands what comes from `stream` on to `take`, one piece after the other, to its end or until `stop`
 * aborts.
 *
 * @throws what `take` throws; the stream is cancelled then.
 */
export async function handOn(
  stream: ReadableStream<Uint8Array>,
  take: (bytes: Uint8Array) => void | Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel();
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  stop.addEventListener("abort", cancel);
  if (stop.aborted) cancel();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || stop.aborted) return;
      await Promise.race([take(value), stopped]);
    }
  } finally {
    stop.removeEventListener("abort", cancel);
    await reader.cancel();
  }
}

/**
 * Writes `source` into a child's stdin, as fast as the child reads, and closes it. A child that stops
 * reading ends the writing early, which is no error; `stop` does the same.
 *
 * @throws what `source` fails with
 */
export async function feed(
  stdin: WritableStream<Uint8Array>,
  source: Uint8Array | ReadableStream<Uint8Array>,
  stop: AbortSignal,
): Promise<void> {
  const reader = (source instanceof Uint8Array ? oneChunk(source) : source).getReader();
  const writer = stdin.getWriter();
  const stopped = new Promise<undefined>((resolve) => {
    stop.addEventListener("abort", () => resolve(undefined), { once: true });
    if (stop.aborted) resolve(undefined);
  });
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), stopped]);
      if (next === undefined || next.done) break;
      const write = writer.write(next.value).then(() => true, notReading);
      if (!await Promise.race([write, stopped])) break;
    }
  } finally {
    // Either end may be closed or failed already; the first failure is the one that counts.
    await Promise.allSettled([
      stop.aborted ? writer.abort() : writer.close(),
      reader.cancel(),
    ]);
  }
}

function notReading(error: unknown): false {
  if (error instanceof Deno.errors.BrokenPipe) return false;
  throw error;
}

function oneChunk(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
