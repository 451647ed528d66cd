/** A cluster of real hosts behind a jump host: from nothing to pods that answer, and back after failures. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type HostName, HOSTS, HostsCluster } from "../../hosts/cluster.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { inOrder } from "../../steps.ts";

const why = await whyNoHosts();
if (why) console.warn(`No cluster of real hosts is tested: ${why}`);

interface PodRow {
  readonly host: HostName;
  readonly pod: string;
  readonly ready: boolean;
  readonly drift: readonly string[];
}

Deno.test({
  name: "real hosts: created, synced, served, rebooted, unplugged, parted and healed",
  ignore: why !== undefined,
  fn: async (t) => {
    await using cluster = await HostsCluster.create({ image: true });
    const address = (name: HostName) => cluster.lab.address(name, "back");
    /** Which host's pod answers a request to the proxy of `name`, made on that host; or what went wrong. */
    const answers = async (name: HostName) => {
      const page = await cluster.ask(name, name);
      return HOSTS.find((from) => page.startsWith(`web on ${address(from)},`)) ?? page;
    };
    const served = async (name: HostName, from: HostName) => {
      const got = new Set<string>();
      await cluster.until(
        () => `${name} is answered from ${from}, not by ${[...got]}`,
        async () => {
          const answer = await answers(name);
          got.add(answer);
          return answer === from;
        },
      );
    };
    const allReady = () =>
      cluster.until(() => "all pods are ready", async () => {
        const { pods } = JSON.parse(await cluster.sns("cluster", "ps", "--json"));
        return (pods as readonly PodRow[]).filter(({ ready }) => ready).length === 2 * HOSTS.length;
      });
    const started = (name: HostName) =>
      cluster.as(
        name,
        "podman inspect -f '{{.State.StartedAt}}' $(podman ps -q --filter name=server)",
      );

    const step = inOrder(t);

    await step("attach, compile, sync: the pods run and answer through every proxy", async () => {
      await cluster.addWeb();
      for (const pod of ["proxy", "web"]) {
        for (const name of HOSTS) await cluster.sns("host", "attach", `${pod}@${name}`);
      }
      await cluster.commit("Attach");
      for (const pod of ["proxy", "web"]) await cluster.sns("pod", "compile", pod);
      await cluster.commit("Compile");
      strictEqual((await cluster.try("cluster", "plan")).code, 2);
      await cluster.sns("cluster", "sync");
      strictEqual((await cluster.try("cluster", "plan")).code, 0);
      await allReady();
      for (const name of HOSTS) await served(name, name);
    });

    await step("the daemon of the system runs them as their user", async () => {
      const { host } = { host: cluster.host("h1") };
      strictEqual(await host.run("ps -o user= -p $(pgrep -x conmon | head -n 1)"), "sns");
      match(await host.run("simplenetesd status"), /web:1\.0\.0 +running +ready/);
    });

    await step("a host that reboots stops its pods in order, and has them again", async () => {
      const before = await started("h1");
      let up = true;
      const missed: string[] = [];
      const asking = (async () => {
        while (up) {
          const answer = await answers("h2");
          if (!(HOSTS as readonly string[]).includes(answer)) missed.push(answer);
        }
      })();
      await cluster.host("h1").reboot();
      up = false;
      await asking;
      deepStrictEqual(missed, [], "whoever asks is answered by another host meanwhile");
      const log = "cat /home/sns/demo/pods/$1/release/*/log/$1-*-stderr.log";
      for (const pod of ["web", "proxy"]) {
        match(await cluster.host("h1").run(log, pod), /ending by stop\n.* ended\n/);
      }
      await served("h1", "h1");
      ok(await started("h1") !== before);
    });

    await step(
      "a host whose plug was pulled has its pods again; the others went on",
      async () => {
        const before = await started("h2");
        await cluster.host("h3").kill();
        for (let n = 0; n < 5; n++) ok((await answers("h2")) in { h1: 1, h2: 1 });
        const { code, err } = await cluster.try("cluster", "sync");
        strictEqual(code, 1, err);
        match(err, /h3/);
        await cluster.host("h3").start();
        await served("h3", "h3");
        strictEqual(await started("h2"), before);
        await allReady();
        deepStrictEqual((await cluster.try("cluster", "diff")).code, 0);
      },
    );

    await step(
      "hosts that can't reach each other: the proxy goes elsewhere, and back",
      async () => {
        await cluster.sns("pod", "state", "web@h2", "-s", "stopped");
        await cluster.commit("Stop web on h2");
        await cluster.sns("cluster", "sync");
        await cluster.until(
          () => "web has stopped on h2",
          () => cluster.host("h2").is("! curl -sS -m 5 $1", `http://${address("h2")}:30000/`),
        );
        await served("h2", "h1");
        await served("h2", "h3");
        await cluster.lab.cut("h2", "h1");
        for (let n = 0; n < 10; n++) strictEqual(await answers("h2"), "h3");
        await cluster.lab.cut("h2", "h3");
        match(await cluster.ask("h2", "h2"), /^exit /);
        await cluster.lab.heal();
        await served("h2", "h1");
        await served("h2", "h3");
      },
    );
  },
});
