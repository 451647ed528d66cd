/** What is measured of a contender. */
import { type Contender, NEAR, PORTS, type Running } from "./contenders.ts";
import { bulk, requests, withIdle } from "./load.ts";
import { must, pause } from "./process.ts";

/** Figures by the name of what was measured. */
export type Measured = Record<string, number>;

/** Digits to print, and whether less is better. */
export const UNITS: Readonly<Record<string, { readonly digits: number; readonly less: boolean }>> =
  {
    "bulk 1 stream, GB/s": { digits: 2, less: false },
    "bulk 8 streams, GB/s": { digits: 2, less: false },
    "bulk 1 stream, CPU s per GB": { digits: 3, less: true },
    "bulk 8 streams, CPU s per GB": { digits: 3, less: true },
    "new connections/s": { digits: 0, less: false },
    "new connections, CPU us each": { digits: 0, less: true },
    "new connections, p50 ms": { digits: 2, less: true },
    "new connections, p99 ms": { digits: 2, less: true },
    "new connections, errors": { digits: 0, less: true },
    "kept-alive requests/s": { digits: 0, less: false },
    "kept-alive, CPU us each": { digits: 0, less: true },
    "kept-alive, p50 ms": { digits: 2, less: true },
    "kept-alive, p99 ms": { digits: 2, less: true },
    "kB per idle connection, the first": { digits: 1, less: true },
    "kB per idle connection, further ones": { digits: 1, less: true },
    "PSS with 3,000 listeners, MB": { digits: 0, less: true },
    "RSS with 3,000 listeners, MB": { digits: 0, less: true },
    "idle CPU with 3,000 listeners, %": { digits: 2, less: true },
    "start with 3,000 listeners, ms": { digits: 0, less: true },
    "start with 18,000 listeners, ms": { digits: 0, less: true },
    "RSS with 18,000 listeners, MB": { digits: 0, less: true },
    "start with 61,000 (extrapolated), ms": { digits: 0, less: true },
    "RSS with 61,000 (extrapolated), MB": { digits: 0, less: true },
  };

/** Of idle connections, the first let a process make room, further ones tell what each of them takes. */
const IDLE = { first: 2000, further: 3000 };
const FEW = { first: 62000, last: 64997 };
/** Clear of the local ports that Linux has by default. */
const MANY = { first: 10_000, last: 27_997 };
const [FEW_COUNT, MANY_COUNT, ALL_COUNT] = [3000, 18_000, 61_000];

/** Connections for this long come before what is measured: some code is compiled while it runs. */
export const WARM_UP_SECONDS = 4;

/** Throughput, rates, times and CPU, over one hop or two, of a process that has served for a while. */
export async function inUse(
  contender: Contender,
  hops: number,
  seconds: number,
): Promise<Measured> {
  const measured: Measured = {};
  const prefix = `${hops} hop${hops === 1 ? "" : "s"}, `;
  await using running = await contender.start(hops);
  await ready(running);
  if (running.servers.length > 0) {
    await requests(contender.address("http"), "new", WARM_UP_SECONDS);
  }
  const cpu = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const before = running.cpuMs;
    return [await work(), running.cpuMs - before];
  };
  const direct = running.servers.length === 0;
  for (const streams of [1, 8]) {
    const [bytes, cpuMs] = await cpu(() => bulk(contender.address("bulk"), streams, seconds));
    const name = `${prefix}bulk ${streams} stream${streams === 1 ? "" : "s"}`;
    measured[`${name}, GB/s`] = bytes / seconds / 1e9;
    if (!direct) measured[`${name}, CPU s per GB`] = cpuMs / 1000 / (bytes / 1e9);
  }
  for (const kind of ["new", "kept"] as const) {
    const [done, cpuMs] = await cpu(() => requests(contender.address("http"), kind, seconds));
    const name = prefix + (kind === "new" ? "new connections" : "kept-alive");
    measured[`${name}${kind === "kept" ? " requests" : ""}/s`] = done.perSecond;
    if (!direct) measured[`${name}, CPU us each`] = cpuMs * 1000 / done.count;
    measured[`${name}, p50 ms`] = done.p50Ms;
    measured[`${name}, p99 ms`] = done.p99Ms;
    if (kind === "new") measured[`${name}, errors`] = done.errors;
  }
  return measured;
}

/** Memory, start and idle CPU. */
export async function atRest(contender: Contender, quick: boolean): Promise<Measured> {
  const measured: Measured = {};
  {
    await using running = await contender.start(1);
    await ready(running);
    const before = running.rssKb;
    const address = contender.address("http");
    const [first, all] = await withIdle(address, IDLE.first, async () => {
      const { rssKb } = running;
      const more = await withIdle(address, IDLE.further, () => Promise.resolve(running.rssKb));
      return [rssKb, more];
    });
    measured["kB per idle connection, the first"] = (first - before) / IDLE.first;
    measured["kB per idle connection, further ones"] = (all - first) / IDLE.further;
  }
  const few = await listening(contender, FEW, FEW_COUNT, quick ? 3000 : 10_000);
  measured["RSS with 3,000 listeners, MB"] = few.rssMb;
  measured["PSS with 3,000 listeners, MB"] = few.pssMb;
  measured["idle CPU with 3,000 listeners, %"] = few.idlePercent;
  measured["start with 3,000 listeners, ms"] = few.startMs;
  const limit = Number(await must("sh", "-c", "ulimit -Hn"));
  if (limit < MANY_COUNT + 500) return measured;
  const many = await listening(contender, MANY, MANY_COUNT, 0);
  const reach = (a: number, b: number) =>
    a + (b - a) / (MANY_COUNT - FEW_COUNT) * (ALL_COUNT - FEW_COUNT);
  measured["start with 18,000 listeners, ms"] = many.startMs;
  measured["RSS with 18,000 listeners, MB"] = many.rssMb;
  measured["start with 61,000 (extrapolated), ms"] = reach(few.startMs, many.startMs);
  measured["RSS with 61,000 (extrapolated), MB"] = reach(few.rssMb, many.rssMb);
  return measured;
}

async function listening(
  contender: Contender,
  extra: { first: number; last: number },
  count: number,
  idleMs: number,
): Promise<{ startMs: number; rssMb: number; pssMb: number; idlePercent: number }> {
  if (extra.last - extra.first + 3 !== count) throw new Error(`That are not ${count} ports`);
  const begin = performance.now();
  await using running = await contender.start(1, extra);
  const startMs = await running.servers[0]!.listens(NEAR, extra.last, begin);
  await running.servers[0]!.listens(NEAR, extra.first, begin);
  await running.servers[0]!.listens(NEAR, PORTS.http, begin);
  await pause(1000);
  const before = running.cpuMs;
  await pause(idleMs);
  const idlePercent = idleMs > 0 ? (running.cpuMs - before) / idleMs * 100 : NaN;
  const { rssKb, pssKb } = running;
  return { startMs, rssMb: rssKb / 1024, pssMb: pssKb / 1024, idlePercent };
}

/** Waits until requests get through all hops. */
export async function ready(running: Running): Promise<void> {
  if (running.servers.length === 0) return;
  await running.servers[0]!.listens(NEAR, PORTS.http);
  for (let attempt = 1;; attempt++) {
    try {
      const response = await fetch(`http://${NEAR}:${PORTS.http}/`, {
        signal: AbortSignal.timeout(2000),
        headers: { connection: "close" },
      });
      await response.body?.cancel();
      return;
    } catch (error) {
      if (attempt > 50) throw new Error("No answer through the contender", { cause: error });
      await pause(100);
    }
  }
}
