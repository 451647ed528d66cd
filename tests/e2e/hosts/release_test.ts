/**
 * Releases on real hosts, through real load balancers, while clients outside never stop asking.
 *
 * RELEASES and ROLLBACKS make it longer; the numbers of requests are printed.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { BALANCERS, IngressCluster, WORKERS } from "../../hosts/ingress_cluster.ts";
import type { LoadResult } from "../../hosts/load_client.ts";
import { describeLoad } from "../../hosts/load.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { whyNoIngressImage } from "../../ingress/image.ts";
import { inOrder } from "../../steps.ts";

const RELEASES = Number(Deno.env.get("RELEASES") ?? 2);
const ROLLBACKS = Number(Deno.env.get("ROLLBACKS") ?? 1);

/** A cluster port that the project gives to two versions. */
const SHARED_PORT = 61500;

const why = await whyNoHosts() ?? await whyNoIngressImage();
if (why) console.warn(`No release goes through load balancers on real hosts: ${why}`);

const tell = (result: LoadResult) => console.log(describeLoad(result).join("\n"));

const all = (version: string) => WORKERS.map((name) => `${name} ${version} running`);

Deno.test({
  name: "real hosts: releases through load balancers, under load from outside",
  ignore: why !== undefined,
  fn: async (t) => {
    await using cluster = await IngressCluster.create();
    const { hosts } = cluster;
    const load = cluster.load();
    let stopped = false;
    const versions = Array.from({ length: RELEASES }, (_, index) => `1.${index + 1}.0`);
    const only = (version: string) =>
      hosts.until(
        () => `only ${version} runs`,
        async () => JSON.stringify(await cluster.running()) === JSON.stringify(all(version)),
      );
    const agree = () =>
      hosts.until(() => "the load balancers run what the project says", async () => {
        const id = await cluster.writtenConfig();
        const served = await Promise.all(BALANCERS.map((name) => cluster.servedConfig(name)));
        return served.every((each) => each === id);
      });
    const step = inOrder(t);

    try {
      await step(`${RELEASES} soft releases in a row`, async () => {
        for (const version of versions) {
          await cluster.version(version);
          const { code, text } = await cluster.release("release", "web", "--drain=10");
          strictEqual(code, 0, text);
          match(text, /failed: 0;/);
          console.log(text.trim().split("\n").at(-1));
        }
        await only(versions.at(-1)!);
        await agree();
      });

      await step(`${ROLLBACKS} rollbacks`, async () => {
        for (let n = 0; n < ROLLBACKS; n++) {
          const { code, text } = await cluster.release("rollback", "web", "--drain=10");
          strictEqual(code, 0, text);
        }
        const running = (await cluster.running())[0]!.split(" ")[1]!;
        await only(running);
        await cluster.served(running);
      });

      await step("another configuration of the ingress", async () => {
        await cluster.setVariables("ingress_hsts=600");
        await cluster.makeIngress("HSTS");
        await hosts.sns("cluster", "sync");
        await agree();
        match((await cluster.ask("lb1", "-I")).out, /strict-transport-security: max-age=600/);
      });

      await step("a daemon is restarted, one is killed, and all proxies are replaced", async () => {
        await hosts.host("lb2").run("systemctl restart simplenetesd");
        await hosts.host("w2").run("systemctl kill --kill-whom=main -s KILL simplenetesd");
        await cluster.nextProxy("0.2.0");
        const { code, text } = await cluster.release("release", "proxy", "--drain=10");
        strictEqual(code, 0, text);
        console.log(text.trim().split("\n").at(-1));
        for (const name of [...BALANCERS, ...WORKERS]) {
          await hosts.until(
            () => `the daemon of ${name} goes on`,
            () => hosts.host(name).is("simplenetesd status | grep -q 'proxy:.*running.*ready'"),
          );
        }
        await hosts.until(
          () => "all pods are ready",
          async () => (await hosts.try("pod", "ps", "web", "-r")).out.trim() === "2/2",
        );
      });

      await step("the proxy of each host is killed", async () => {
        for (const name of [...BALANCERS, ...WORKERS]) await cluster.killProxy(name);
      });

      const result = await load.stop();
      stopped = true;
      tell(result);
      await step("no request failed, no old version came after a new one", () => {
        strictEqual(result.failures.length, 0);
        deepStrictEqual(result.mixed, []);
        for (const version of versions) ok(result.versions[version]! > 0, version);
        return Promise.resolve();
      });
    } finally {
      if (!stopped) tell(await load.stop());
    }

    await step("versions that share a cluster port: from one to the other, and back", async () => {
      const load = cluster.load();
      for (const version of ["8.0.0", "8.1.0"]) {
        await cluster.version(version, { clusterPort: SHARED_PORT });
        const { code, text } = await cluster.release("release", "web", "--drain=10");
        strictEqual(code, 0, text);
      }
      const { code, text } = await cluster.release("rollback", "web", "--drain=10");
      strictEqual(code, 0, text);
      await only("8.0.0");
      const result = await load.stop();
      tell(result);
      deepStrictEqual(result.failures, []);
    });

    await step("a version whose image there is nowhere: all is as before", async () => {
      const [running, before] = [await cluster.running(), await cluster.tree()];
      const quiet = cluster.load();
      await cluster.version("9.0.0", { image: "localhost/nowhere:1" });
      const { code, text } = await cluster.release("release", "web", "--timeout=10");
      const result = await quiet.stop();
      strictEqual(code, 1, text);
      match(text, /web:9\.0\.0 was not released, all is as before/);
      match(text, /localhost\/nowhere/);
      strictEqual(await cluster.tree(), before);
      deepStrictEqual(await cluster.running(), running);
      strictEqual(result.failures.length, 0);
      await agree();
    });

    await step(
      "a worker whose plug is pulled in the middle: the other one serves all",
      async () => {
        const [running, before] = [await cluster.running(), await cluster.tree()];
        await cluster.version("9.1.0");
        // What was on its way to that host is asked for again once the proxies take it for gone.
        const load = cluster.load({ patienceMs: 45_000 });
        const release = cluster.startRelease();
        await release.came("deliver");
        const [worker] = WORKERS;
        await hosts.host(worker).kill();
        const { code, text } = await release.end;
        const result = await load.stop();
        tell(result);
        strictEqual(code, 1, text);
        match(text, /"event":"end","result":"restored","target":"web:9\.1\.0"/);
        match(text, new RegExp(`"why":"[^"]*${worker}[ :]`));
        strictEqual(await cluster.tree(), before);
        deepStrictEqual(result.failures, []);
        await hosts.host(worker).start();
        await hosts.sns("cluster", "sync");
        await hosts.until(
          () => "all runs as before",
          async () => JSON.stringify(await cluster.running()) === JSON.stringify(running),
        );
        strictEqual((await hosts.try("cluster", "plan")).code, 0);
        await agree();
      },
    );
  },
});
