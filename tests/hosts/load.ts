/** Clients at machines outside of the cluster, and what became of their requests. */
import type { Lab } from "./lab.ts";
import type { LoadResult } from "./load_client.ts";

const CLIENT = new URL("load_client.ts", import.meta.url).pathname;

export class OutsideLoad implements AsyncDisposable {
  #ends: Promise<LoadResult>[] | undefined;

  private constructor(private readonly clients: readonly Deno.ChildProcess[]) {}

  /**
   * One client at the place of each of `names`, who are operators of the lab.
   *
   * @param patienceMs An answer that takes longer counts as none.
   */
  static start(
    lab: Lab,
    names: readonly string[],
    addresses: readonly string[],
    pauseMs: number,
    patienceMs: number,
  ): OutsideLoad {
    const deno = [Deno.execPath(), "run", "-q", "-A", "--unsafely-ignore-certificate-errors"];
    const words = [...deno, CLIENT, `${pauseMs}`, `${patienceMs}`, ...addresses];
    return new OutsideLoad(names.map((name) =>
      lab.command(lab.operator(name), words, {
        cwd: new URL("../../", import.meta.url).pathname,
        stdout: "piped",
        stderr: "piped",
      }).spawn()
    ));
  }

  /** Ends the clients, and sums up what they saw. */
  async stop(): Promise<LoadResult> {
    for (const client of this.clients) client.kill("SIGTERM");
    this.#ends = this.clients.map((client) => resultOf(client));
    return (await Promise.all(this.#ends)).reduce(sum);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ends === undefined) await this.stop();
  }
}

/** Lines for people: requests by kind, failures and connections where an old version came after a new one. */
export function describeLoad({ kinds, versions, failures, mixed }: LoadResult): string[] {
  const sum = Object.values(versions).reduce((a, b) => a + b, 0);
  return [
    ...Object.entries(kinds).map(([kind, { requests, connections }]) =>
      `${kind}: ${requests} requests on ${connections} connections`
    ),
    `${sum} requests, ${failures.length} failed, ${mixed.length} connections mixed`,
    ...failures.slice(0, 20).map((each) => JSON.stringify(each)),
  ];
}

async function resultOf(client: Deno.ChildProcess): Promise<LoadResult> {
  const { code, stdout, stderr } = await client.output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`A client ended with ${code}: ${text.decode(stderr)}`);
  return JSON.parse(text.decode(stdout));
}

function sum(a: LoadResult, b: LoadResult): LoadResult {
  const keys = (
    one: object,
    other: object,
  ) => [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const kinds = keys(a.kinds, b.kinds).map((kind) => {
    const [one, other] = [a.kinds[kind], b.kinds[kind]];
    return [kind, {
      requests: (one?.requests ?? 0) + (other?.requests ?? 0),
      connections: (one?.connections ?? 0) + (other?.connections ?? 0),
    }];
  });
  const versions = keys(a.versions, b.versions).map((
    version,
  ) => [version, (a.versions[version] ?? 0) + (b.versions[version] ?? 0)]);
  return {
    kinds: Object.fromEntries(kinds),
    versions: Object.fromEntries(versions),
    failures: [...a.failures, ...b.failures],
    mixed: [...a.mixed, ...b.mixed],
  };
}
