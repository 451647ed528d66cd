/**
 * How many short connections fail while the web pod of one of two hosts is stopped and started by
 * sync again and again.
 *
 *   deno run -A tests/bench/stop_under_load.ts [connections] [clients] [container|program]
 *
 * Prints the counts; ends with 1 when a connection failed. With containers it runs as an
 * unprivileged user that has rootless podman.
 */
import { eventually } from "../shell/pod_folder.ts";
import { load } from "../e2e/load.ts";
import { HOSTS, LocalCluster, type WebKind } from "../e2e/local_cluster.ts";
import { hasPodman, makeImage } from "../e2e/podman.ts";

async function main(): Promise<number> {
  const connections = Number(Deno.args[0] ?? 20_000);
  const clients = Number(Deno.args[1] ?? 8);
  const kind = (Deno.args[2] ?? (await hasPodman() ? "container" : "program")) as WebKind;
  if (kind === "container") await makeImage();
  await using cluster = await LocalCluster.create(kind);
  await cluster.sns("cluster", "sync");
  cluster.startDaemon("h1");
  cluster.startDaemon("h2");
  await cluster.answered("h1", "h1");
  await cluster.answered("h2", "h2");

  const begin = performance.now();
  let done = false;
  const running = load({ hostname: HOSTS.h1, port: 61000, clients, connections })
    .finally(() => done = true);
  let rounds = 0;
  while (!done) {
    await cluster.setState("web@h1", "stopped");
    await eventually(
      "h1's pod has ended",
      async () =>
        /^status: exited$/m.test(await Deno.readTextFile(cluster.release("h1", ".pod.status"))),
      60_000,
    );
    await cluster.setState("web@h1", "running");
    await eventually(
      "h1's pod is ready",
      async () =>
        /^readiness: 1$/m.test(await Deno.readTextFile(cluster.release("h1", ".pod.status"))),
      60_000,
    );
    rounds++;
  }
  const { answered, failures } = await running;
  const seconds = (performance.now() - begin) / 1000;
  console.log(
    `web pod: ${kind}; ${connections} connections by ${clients} clients in ${seconds.toFixed(1)} s`,
  );
  console.log(`web@h1 stopped and started ${rounds} times meanwhile`);
  for (const [body, count] of answered) console.log(`  ${count} answers "${body}"`);
  console.log(`failed: ${failures.length}`);
  for (const failure of failures.slice(0, 20)) console.log(`  ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
