/**
 * How long a sync of many far hosts takes in the simulator: the code of `sns cluster sync`, virtual time, and
 * a round trip that a connection needs six times to be made. What machines compute is not in it.
 *
 *   deno run -A scripts/bench/sync_simulated.ts [hosts] [round trip in ms]
 */
import { Random } from "../../cli/testing/random.ts";
import { plainFiles } from "../../cli/testing/sim/bundle.ts";
import { Clock } from "../../cli/testing/sim/clock.ts";
import { Commit } from "../../cli/testing/sim/commits.ts";
import { Machine } from "../../cli/testing/sim/machine.ts";
import { Operator } from "../../cli/testing/sim/operator.ts";
import { type Row, table } from "./table.ts";

const HOUR_MS = 3_600_000;
/** Milliseconds that a program on a host needs between two calls. */
const CALL_MS = 0.02;

function commit(id: string, hosts: number, config: string, parents: readonly string[]): Commit {
  const release = {
    pod: "web",
    version: "1.0.0",
    state: "running",
    files: { pod: "a pod\n" },
    configs: { conf: plainFiles({ main: config }) },
  } as const;
  const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
  return new Commit(
    id,
    names.map((name) => ({ name, state: "active", releases: [release] })),
    parents,
  );
}

/** Milliseconds of virtual time, and requests per host, of a sync from one commit to another. */
async function simulate(from: Commit, to: Commit, rttMs: number, parallel: number) {
  const clock = new Clock();
  const random = new Random(1);
  const machines = from.hosts.map(({ name }) => {
    const machine = new Machine(name, clock, random, CALL_MS);
    from.layDown(machine.tree, name);
    return machine;
  });
  const options = { name: "ann", commit: to, sync: { parallel }, link: { rttMs } };
  const operator = new Operator(clock, random, machines, options);
  let requests = 0;
  operator.onRequest = (_link, _program, when) => void (requests += when === "send" ? 1 : 0);
  operator.start();
  await clock.run(() => operator.over, HOUR_MS);
  const failed = operator.outcomes?.filter(({ result }) => result === "failed");
  if (failed?.length !== 0) throw new Error(`It failed: ${operator.error ?? failed?.[0]?.text}`);
  return { ms: clock.now, requests: requests / machines.length };
}

if (import.meta.main) {
  const hosts = Number(Deno.args[0] ?? 200);
  const rttMs = Number(Deno.args[1] ?? 50);
  const first = commit("c1-first-commit", hosts, "old\n", []);
  const second = commit("c2-second-commit", hosts, "new\n", first.chain);
  const rows: Row[] = [];
  for (const parallel of [10, 50]) {
    const idle = await simulate(first, first, rttMs, parallel);
    const config = await simulate(first, second, rttMs, parallel);
    const shown = ({ ms, requests }: typeof idle) => [`${(ms / 1000).toFixed(2)} s`, `${requests}`];
    rows.push([`--parallel ${parallel}`, ...shown(idle), ...shown(config)]);
  }
  console.log(`${hosts} hosts, ${rttMs} ms there and back`);
  const heads = ["", "nothing to do", "requests per host", "one config", "requests per host"];
  console.log(table(heads, rows));
}
