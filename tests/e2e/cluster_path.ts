/** The main job from end to end, for a web pod of either kind. */
import assert from "node:assert/strict";
import { parsePodStatus } from "../../podc/mod.ts";
import { killOne } from "../kill_one.ts";
import { eventually } from "../shell/pod_folder.ts";
import { load } from "./load.ts";
import { HOSTS, LocalCluster, type WebKind } from "./local_cluster.ts";

/** Defines the test. `runningId` names what must not change when a supervisor dies. */
export function clusterPath(
  kind: WebKind,
  runningId: (cluster: LocalCluster) => Promise<string>,
  ignore: boolean,
): void {
  Deno.test(
    { name: `a cluster of two local hosts, the web pod as a ${kind}`, ignore },
    async (t) => {
      await using cluster = await LocalCluster.create(kind);
      const status = async () =>
        parsePodStatus(await Deno.readTextFile(cluster.release("h1", ".pod.status")));

      await t.step("a plan tells of changes, a sync makes them, and twice is once", async () => {
        assert.equal((await cluster.try(cluster.project, "sns", "cluster", "plan")).code, 2);
        await cluster.sns("cluster", "sync");
        assert.equal((await cluster.try(cluster.project, "sns", "cluster", "plan")).code, 0);
        await cluster.sns("cluster", "sync");
      });

      await t.step("the daemons bring the pods up, and each proxy is answered", async () => {
        cluster.startDaemon("h1");
        cluster.startDaemon("h2");
        await cluster.answered("h1", "h1");
        await cluster.answered("h2", "h2");
        await eventually(
          "both are ready",
          async () =>
            (await cluster.try(cluster.project, "sns", "pod", "ps", "web", "-r")).out.trim() ===
              "2/2",
        );
      });

      await t.step("ls, ps and logs show it", async () => {
        assert.match(await cluster.sns("pod", "ls"), /^web:1\.0\.0@h1 running$/m);
        assert.match(await cluster.sns("pod", "ps", "web"), /^host: h2\npod: web-1\.0\.0$/m);
        assert.match(await cluster.sns("pod", "logs", "web"), /h1 .*listening|serving/i);
        const listed = JSON.parse(await cluster.sns("pod", "ls", "--json"));
        assert.equal(listed.length, 4);
      });

      await t.step("stopped on one host, the port is answered from the other", async () => {
        await cluster.setState("web@h1", "stopped");
        await cluster.answered("h1", "h2");
        await eventually("h1's pod has ended", async () => (await status()).status === "exited");
        await cluster.setState("web@h1", "running");
        await cluster.answered("h1", "h1");
      });

      await t.step("no connection fails while a pod is stopped and started by sync", async () => {
        const stop = new AbortController();
        const running = load({ hostname: HOSTS.h1, port: 61000, clients: 4, until: stop.signal });
        await cluster.setState("web@h1", "stopped");
        await eventually("h1's pod has ended", async () => (await status()).status === "exited");
        await cluster.setState("web@h1", "running");
        await cluster.answered("h1", "h1");
        stop.abort();
        const { answered, failures } = await running;
        assert.deepEqual(failures, []);
        assert.ok(answered.get(`web on ${HOSTS.h1}, from a ${kind}`)! > 0);
        assert.ok(answered.get(`web on ${HOSTS.h2}, from a ${kind}`)! > 0);
      });

      await t.step(
        "kill -9 of a supervisor leaves the pod running, and the daemon sees to it",
        async () => {
          const before = await runningId(cluster);
          const { pid, readiness } = await status();
          assert.ok(pid && readiness);
          killOne(pid);
          await eventually("a new supervisor", async () => {
            const now = await status();
            return now.pid !== undefined && now.pid !== pid && now.readiness;
          }, 60_000);
          assert.equal(await runningId(cluster), before);
        },
      );

      await t.step("rerun by sns restarts it", async () => {
        const before = await runningId(cluster);
        await cluster.sns("pod", "rerun", "web@h1");
        await eventually("another run", async () => {
          const now = await runningId(cluster);
          return now !== "" && now !== before;
        });
        await cluster.answered("h1", "h1");
      });

      await t.step(
        "a daemon that ends leaves the pods alone, and its successor takes them over",
        async () => {
          const before = await runningId(cluster);
          await cluster.stopDaemon("h1");
          assert.match(await cluster.ask("h1"), /^web on /);
          cluster.startDaemon("h1");
          await eventually(
            "the successor serves",
            async () => (await cluster.daemonLog("h1")).split("serves").length === 3,
          );
          assert.equal(await runningId(cluster), before);
        },
      );

      await t.step("removed, nothing of it stays but logs", async () => {
        await cluster.setState("web", "removed");
        await eventually("removed on h1", async () => (await status()).status === "removed");
        assert.equal(await runningId(cluster), "");
      });
    },
  );
}
