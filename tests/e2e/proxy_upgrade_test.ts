/** A new version of the proxy pod replaces the old one, and the other way round, while clients connect. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parsePodStatus } from "../../podc/mod.ts";
import { LinuxEngine } from "../../proxy/linux/linux_engine.ts";
import { eventually } from "../shell/pod_folder.ts";
import { load } from "./load.ts";
import { HOSTS, LocalCluster } from "./local_cluster.ts";

const root = new URL("../../", import.meta.url).pathname;

Deno.test({
  name: "an upgrade of the proxy and the way back refuse nobody",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async (t) => {
    await using cluster = await LocalCluster.create("program");
    const status = async (version: string) =>
      parsePodStatus(
        await Deno.readTextFile(join(cluster.releaseOf("h1", "proxy", version), ".pod.status")),
      );
    await cluster.sns("cluster", "sync");
    cluster.startDaemon("h1");
    await cluster.answered("h1", "h1");

    // The official pod, with the next version.
    const source = join(cluster.project, "_pods", "proxy");
    await cluster.must(root, "cp", "-r", "pods/proxy", source);
    const file = join(source, "pod.yaml");
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace("podVersion: 0.1.0", "podVersion: 0.2.0"));
    await cluster.must(source, "git", "init", "-q");
    await cluster.commit("proxy 0.2.0", source);
    await cluster.sns("pod", "compile", "proxy");

    /** Exchanges the versions by one sync, under load from the first to the last moment. */
    const exchange = async (from: string, to: string) => {
      const stop = new AbortController();
      const clients = load({ hostname: HOSTS.h1, port: 61000, clients: 4, until: stop.signal });
      try {
        await cluster.sns("pod", "state", `proxy:${to}@h1`, "-s", "running");
        await cluster.sns("pod", "state", `proxy:${from}@h1`, "-s", "stopped");
        await cluster.commit(`proxy ${to}`);
        await cluster.sns("cluster", "sync");
        await eventually(
          `${from} has ended`,
          async () => (await status(from)).status === "exited",
          60_000,
        );
        await eventually(`${to} is ready`, async () => (await status(to)).readiness, 60_000);
        await cluster.answered("h1", "h1");
      } catch (error) {
        throw new Error(`${error}\n${await cluster.report()}`);
      } finally {
        stop.abort();
      }
      const { answered, failures } = await clients;
      assert.deepEqual(failures.slice(0, 5), [], failures.length > 0 ? await cluster.report() : "");
      const [count] = answered.values();
      assert.deepEqual([...answered.keys()], [`web on ${HOSTS.h1}, from a program`]);
      console.log(`${from} -> ${to}: ${count} connections, ${failures.length} failed`);
      const log = await cluster.daemonLog("h1");
      assert.match(log, new RegExp(`Pod proxy/${from} goes on until proxy/${to} is ready`));
    };
    await t.step("upgrade", () => exchange("0.1.0", "0.2.0"));
    await t.step("rollback", () => exchange("0.2.0", "0.1.0"));
    await t.step("upgrade again", () => exchange("0.1.0", "0.2.0"));
  },
});
