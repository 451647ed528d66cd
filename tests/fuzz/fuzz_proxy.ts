/**
 * Feeds mutated bytes to everything that the proxy parses: `fuzz_proxy.ts [count] [seed]`. Never an
 * exception, never more than a moment, and the rules of proxy_checks.ts hold. An input that fails is
 * kept in corpus/proxy/.
 */
import { join } from "node:path";
import { checkProxyInput, type Kind, KINDS } from "./proxy_checks.ts";
import { mutatedProxyInput, PROXY_CORPUS, type ProxyInput, proxySeeds } from "./proxy_inputs.ts";
import { Random } from "../../cli/testing/random.ts";

const LONGEST_MS = 1000;

export interface ProxyFuzzReport {
  readonly inputs: number;
  /** How many were taken for what their kind is about. */
  readonly taken: Readonly<Record<Kind, number>>;
  readonly slowestMs: number;
  readonly failures: readonly { readonly why: string; readonly input: ProxyInput }[];
}

/** Runs the corpus as it is, then `count` mutations of it. */
export function fuzzProxy(count: number, seed: number): ProxyFuzzReport {
  const random = new Random(seed);
  const from = proxySeeds();
  const failures: { why: string; input: ProxyInput }[] = [];
  const taken = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  let slowestMs = 0;
  for (let index = 0; index < from.length + count; index++) {
    const input = from[index] ?? mutatedProxyInput(from, random);
    const start = performance.now();
    try {
      if (checkProxyInput(input.kind, input.bytes)) taken[input.kind]++;
    } catch (error) {
      failures.push({ why: error instanceof Error ? error.stack ?? "" : String(error), input });
    }
    const tookMs = performance.now() - start;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > LONGEST_MS) failures.push({ why: `it took ${tookMs} ms`, input });
  }
  return { inputs: from.length + count, taken, slowestMs, failures };
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 1_000_000);
  const seed = Number(Deno.args[1] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`${count} inputs, seed ${seed}`);
  const start = performance.now();
  const { failures, ...figures } = fuzzProxy(count, seed);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(JSON.stringify({ seed, seconds, ...figures, failures: failures.length }));
  for (const [index, { why, input }] of failures.slice(0, 20).entries()) {
    const path = join(PROXY_CORPUS, `${input.kind}-failed-${seed}-${index}`);
    Deno.writeFileSync(path, input.bytes);
    console.error(`${why}\nkept as ${path}`);
  }
  if (failures.length > 0) Deno.exit(1);
}
