/**
 * What a home's process and the daemon tell each other, one JSON text per line: the process on its
 * standard output, the daemon into its standard input. The process belongs to a user who can make it
 * say anything: what comes from it is believed as little as the user is.
 */
import type { Ramdisk } from "./ramdisk.ts";

/** From a home's process. */
export type HomeMessage =
  /** Its loop came around. */
  | { readonly kind: "turn"; readonly pods: number }
  /** Why it is about to end. */
  | { readonly kind: "problem"; readonly text: string }
  | {
    readonly kind: "mount";
    readonly id: number;
    readonly pod: string;
    readonly version: string;
    readonly disks: readonly Ramdisk[];
  }
  | {
    readonly kind: "unmount";
    readonly id: number;
    readonly pod: string;
    readonly version: string;
  };

/** To a home's process: request `id` is done, or failed. */
export interface Answer {
  readonly id: number;
  readonly error?: string;
}

/** To a home's process, before the end: the machine goes down, so its pods are to stop. */
export const GO_DOWN = '{"goDown":true}';

/** Bytes of a line; longer ones are no messages. */
export const MAX_LINE = 16 * 1024;

/** `undefined` for anything that is no message. */
export function parseHomeMessage(line: string): HomeMessage | undefined {
  const value = parseObject(line);
  if (!value) return undefined;
  const { kind, id, pod, version, pods, text, disks } = value;
  if (kind === "turn" && isCount(pods)) return { kind, pods };
  if (kind === "problem" && typeof text === "string") return { kind, text };
  if (!isCount(id) || typeof pod !== "string" || typeof version !== "string") return undefined;
  if (kind === "unmount") return { kind, id, pod, version };
  if (kind !== "mount" || !Array.isArray(disks) || !disks.every(isRamdisk)) return undefined;
  const clean = disks.map(({ name, mib }) => ({ name, mib }));
  return { kind, id, pod, version, disks: clean };
}

/** `undefined` for anything that is no answer. */
export function parseAnswer(line: string): Answer | undefined {
  const { id, error } = parseObject(line) ?? {};
  if (!isCount(id)) return undefined;
  return typeof error === "string" ? { id, error } : { id };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRamdisk(value: unknown): value is Ramdisk {
  return typeof value === "object" && value !== null && "name" in value && "mib" in value &&
    typeof value.name === "string" && isCount(value.mib);
}

/** Somebody sends a line that is too long. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/**
 * The lines that come from `reader`; what comes after the last line break is none.
 *
 * @throws {LineTooLongError} when one is longer than {@link MAX_LINE}
 */
export async function* linesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of [...lines, rest]) {
      if (line.length > MAX_LINE) throw new LineTooLongError(`a line has over ${MAX_LINE} bytes`);
    }
    yield* lines;
  }
}
