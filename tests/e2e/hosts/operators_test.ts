/** Two operators of the same real hosts. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { HOSTS, HostsCluster } from "../../hosts/cluster.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { releaseFiles } from "../../hosts/release_files.ts";
import { Rounds } from "../../hosts/rounds.ts";

const why = await whyNoHosts();
if (why) console.warn(`No operators of real hosts meet: ${why}`);

Deno.test({
  name: "real hosts: two operators",
  ignore: why !== undefined,
  fn: async (t) => {
    await using cluster = await HostsCluster.create({ operators: ["alice", "bob"] });
    const { lab } = cluster;
    const [alice, bob] = [lab.operator("alice"), lab.operator("bob")];
    const rounds = new Rounds(cluster);
    await rounds.begin();
    await cluster.must(bob.dir, "git", "clone", "-q", cluster.project, "demo");
    const bobs = join(bob.dir, "demo");
    /** Brings Bob's clone to what Alice has; what his own syncs wrote is not in the way. */
    const pull = () => lab.must(bob, ["git", "pull", "-q"], bobs);

    await t.step(
      "two operators at once: one wins, the other is told who has the lock",
      async () => {
        await rounds.next();
        await pull();
        await rounds.slow(true);
        const sync = ["sns", "cluster", "sync"];
        const [a, b] = await Promise.all([
          lab.try(alice, sync, cluster.project),
          lab.try(bob, sync, bobs),
        ]);
        const [winner, loser] = a.code === 0 ? [a, b] : [b, a];
        strictEqual(winner.code, 0, winner.err);
        strictEqual(loser.code, 1, loser.err);
        const name = winner === a ? "alice" : "bob";
        match(loser.out + loser.err, new RegExp(`Host "h[123]" is locked by ${name} on `));
        await rounds.slow(false);
        await rounds.syncsThrough();
        strictEqual((await lab.try(bob, sync, bobs)).code, 0);
      },
    );

    await t.step("an operator whose lock has expired is refused by the host", async () => {
      await rounds.next();
      await pull();
      const mark = join("_config", "steady", "data", "one");
      await Deno.writeTextFile(join(bobs, mark), "of bob\n");
      await lab.must(bob, ["sns", "pod", "updateconfig", "steady"], bobs);
      await lab.must(bob, ["git", "add", "."], bobs);
      await lab.must(bob, ["git", "commit", "-qm", "Bob's"], bobs);
      const { sync, output, came } = await rounds.syncUntil("sending");
      ok(came);
      sync.kill("SIGSTOP");
      await rounds.slow(false);
      const told: string[] = [];
      await cluster.until(() => `bob syncs; he was told ${told.at(-1)}`, async () => {
        const { code, out, err } = await lab.try(bob, ["sns", "cluster", "sync"], bobs);
        told.push(out + err);
        return code === 0;
      });
      match(told[0]!, /locked by alice on /);
      sync.kill("SIGCONT");
      const { code, said } = await output;
      strictEqual(code, 1, said);
      match(said, /Host "h2" refused the update: the lock \d+ was lost/);
      for (const name of HOSTS) {
        const there = await releaseFiles(rounds.onHost(name, "steady", "1.0.0"));
        strictEqual(there.get("config/data/one"), "of bob\n");
      }
      const late = await cluster.try("cluster", "sync");
      strictEqual(late.code, 1);
      match(late.out + late.err, /was synced with the commit/);
    });
  },
});
