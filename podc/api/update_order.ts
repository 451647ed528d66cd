/**
 * What the header of a `pod` file says about other versions of the same pod. It stands in the first
 * lines, which are comments, so that it is known before the pod is called for the first time; programs
 * that speak the Pod API themselves may say it, too.
 */

/** Other versions of the pod go on until this one is ready. */
export const START_FIRST_LINE = "# updateOrder: start-first";

/** Bytes of a `pod` file that {@link startsFirst} needs at most. */
export const HEADER_BYTES = 4096;

/** Whether the beginning of a `pod` file says that the pod starts before other versions of it end. */
export function startsFirst(head: string): boolean {
  for (const line of head.split("\n")) {
    if (!line.startsWith("#")) return false;
    if (line.trimEnd() === START_FIRST_LINE) return true;
  }
  return false;
}
