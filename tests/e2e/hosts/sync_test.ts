/** Syncs of real hosts that are interrupted: each release is old or new, and the next sync completes. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { type HostName, HOSTS, HostsCluster } from "../../hosts/cluster.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { releaseFiles } from "../../hosts/release_files.ts";
import { mixed, type Moment, Rounds } from "../../hosts/rounds.ts";
import { eventually } from "../../shell/pod_folder.ts";
import { inOrder } from "../../steps.ts";

const why = await whyNoHosts();
if (why) console.warn(`No sync of real hosts is interrupted: ${why}`);

Deno.test({
  name: "real hosts: syncs that are cut, killed and unplugged",
  ignore: why !== undefined,
  fn: async (t) => {
    await using cluster = await HostsCluster.create();
    const { lab } = cluster;
    const h2 = cluster.host("h2");
    const rounds = new Rounds(cluster);
    await rounds.begin();
    /** The process of the pod that no sync is to disturb. */
    const steady = (name: HostName) => cluster.host(name).run("pgrep -u sns -fx 'sleep 98764'");
    for (const name of HOSTS) {
      await cluster.until(
        () => `steady runs on ${name}`,
        () => cluster.host(name).is("pgrep -u sns -fx 'sleep 98764'"),
      );
    }

    const step = inOrder(t);

    const breaks:
      readonly (readonly [string, Moment, (sync: Deno.ChildProcess) => Promise<void>])[] = [
        ["the operator's cable", "sending", () => lab.cut("alice", "door")],
        ["the host's cable", "locked", () => lab.cut("door", "h2")],
        ["the host's cable", "applying", () => lab.cut("door", "h2")],
        ["sns", "sending", (sync) => Promise.resolve(sync.kill("SIGKILL"))],
        ["sns", "applying", (sync) => Promise.resolve(sync.kill("SIGKILL"))],
        ["the host's power", "sending", () => h2.kill()],
        ["the host's power", "applying", () => h2.kill()],
      ];
    for (const [what, moment, cut] of breaks) {
      await step(
        `${what} is cut off while h2 is ${moment}: old or new; the next sync completes`,
        async () => {
          const old = await releaseFiles(rounds.inProject("h2", "steady", "1.0.0"));
          await rounds.next();
          const power = what === "the host's power";
          const pids = await Promise.all(HOSTS.map(steady));
          const { sync, output, came } = await rounds.syncUntil(moment);
          await cut(sync);
          const { code, said } = await output;
          // Applying may be over before it is seen.
          ok(came || moment === "applying", said);
          ok(code !== 0 || moment === "applying", said);
          const complaints = async () =>
            (await Promise.all(HOSTS.map((name) => mixed(rounds, name, old, power)))).flat();
          // What was complete is put into place yet, unless the host itself is gone.
          let left = await complaints();
          if (power) await h2.start();
          else {
            await eventually("the hosts have settled", async () => {
              left = await complaints();
              return left.length === 0;
            }).catch(() => {});
          }
          deepStrictEqual(left, []);
          await lab.heal();
          await rounds.slow(false);
          for (const name of HOSTS) await cluster.sns("host", "unlock", name, "--yes");
          await rounds.syncsThrough();
          const after = await Promise.all(
            HOSTS.map((name, n) => power && name === "h2" ? pids[n] : steady(name)),
          );
          deepStrictEqual(after, pids, "a pod was disturbed");
        },
      );
    }
  },
});
