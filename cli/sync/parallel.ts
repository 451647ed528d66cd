/** Working on several hosts at a time. */
import { type Progress, shown } from "../ui/progress.ts";

/** Runs `work` for each item, at most `limit` at a time; results in the order of the items. */
export async function mapParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      [results[at]] = await Promise.allSettled([work(items[at]!)]) as [PromiseSettledResult<R>];
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** The same for hosts, each of them shown as `doing` while it is worked on. */
export function onHosts<H extends { readonly name: string }, R>(
  progress: Progress,
  hosts: readonly H[],
  parallel: number,
  doing: string,
  work: (host: H) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  return mapParallel(hosts, parallel, shown(progress, ({ name }) => name, doing, work));
}
