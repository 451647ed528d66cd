/** Releases on real parts: three hosts, their daemons and proxies, and clients that never stop asking. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../shell/pod_folder.ts";
import { PORT, RELEASE_HOSTS, ReleaseCluster } from "./release_cluster.ts";
import { SteadyLoad } from "./steady_load.ts";

const RELEASES = Number(Deno.env.get("RELEASES") ?? 3);
const load = () =>
  new SteadyLoad({
    hostnames: [RELEASE_HOSTS.h1, RELEASE_HOSTS.h2],
    port: PORT,
    short: 2,
    kept: 4,
    requests: 40,
    pauseMs: 20,
  });
const all = (version: string) =>
  Object.keys(RELEASE_HOSTS).map((host) => `${host} ${version} running`);

Deno.test("releases and rollbacks under load lose no request", async (t) => {
  await using cluster = await ReleaseCluster.create();
  const clients = load();
  const versions = Array.from({ length: RELEASES }, (_, index) => `1.${index + 1}.0`);
  const settled = (version: string) =>
    eventually(
      `only ${version} runs`,
      async () => JSON.stringify(await cluster.running()) === JSON.stringify(all(version)),
      60_000,
    );

  await t.step("a plan alone changes nothing", async () => {
    await cluster.version(versions[0]!);
    const before = await cluster.tree();
    const { code, text } = await cluster.release("web", "--dry-run");
    assert.equal(code, 0, text);
    assert.match(text, /deliver h1, h2, h3: start web:1\.1\.0 without traffic/);
    assert.match(text, /retire {2}h1, h2, h3: remove web:1\.0\.0/);
    assert.equal(await cluster.tree(), before);
  });

  await t.step(
    `${RELEASES} soft releases in a row, daemons restarted meanwhile`,
    async () => {
      for (const [index, version] of versions.entries()) {
        await cluster.version(version);
        const releasing = cluster.release("web", "--drain=10");
        const host = ["h1", "h2", "h3"][index % 3]!;
        await cluster.local.stopDaemon(host, index % 2 === 0 ? "SIGTERM" : "SIGKILL");
        cluster.local.startDaemon(host);
        const { code, text } = await releasing;
        assert.equal(code, 0, text);
        assert.match(text, /failed: 0;/);
      }
      await settled(versions.at(-1)!);
    },
  );

  await t.step(
    "rollbacks: to the version before, to a named one, to one that is gone",
    async () => {
      const rollback = (...args: string[]) =>
        cluster.local.sns("pod", "rollback", "--drain=10", ...args);
      await rollback("web");
      await settled(versions.at(-2)!);
      await rollback("web:1.0.0");
      await settled("1.0.0");
      const latest = versions.at(-1)!;
      await cluster.local.sns("pod", "delete", `web:${latest}`);
      await cluster.local.commit("Delete the release");
      await cluster.local.sns("cluster", "sync");
      await cluster.local.sns("host", "prune", "--yes");
      await rollback(`web:${latest}`);
      await settled(latest);
    },
  );

  await t.step("the cluster goes back to a commit as one action", async () => {
    const git = (...args: string[]) => cluster.local.must(cluster.local.project, "git", ...args);
    const commit = (await git("log", "-n1", "--format=%H", "--grep=^Released web:1.1.0")).trim();
    const before = (await git("rev-parse", "HEAD")).trim();
    await cluster.local.sns("cluster", "rollback", commit, "--yes", "--drain=10");
    await settled("1.1.0");
    const changed = (await git("diff", "--name-only", commit, "HEAD")).trim().split("\n");
    assert.deepEqual(changed.filter((path) => !/log\.txt$|^_synclogs\//.test(path)), []);
    assert.equal(await git("merge-base", "--is-ancestor", before, "HEAD"), "");
  });

  const { answered, failures, mixed } = await clients.stop();
  assert.deepEqual(failures, []);
  assert.equal(mixed, 0);
  for (const version of ["1.0.0", ...versions]) assert.ok(answered.get(version)! > 0, version);
});

Deno.test("a release that fails leaves project and hosts as before, and loses no request", async (t) => {
  await using cluster = await ReleaseCluster.create();
  const clients = load();
  const git = (...args: string[]) => cluster.local.must(cluster.local.project, "git", ...args);
  const fails = async (pattern: RegExp, ...args: string[]) => {
    const before = await cluster.tree();
    const { code, text } = await cluster.release("web", "--drain=5", ...args);
    assert.equal(code, 1, text);
    assert.match(text, pattern);
    assert.equal(await cluster.tree(), before);
    assert.deepEqual(
      (await cluster.running()).filter((line) => / running/.test(line)),
      all("1.0.0"),
    );
    return text;
  };

  await t.step("a version that never becomes ready", async () => {
    await cluster.version("2.0.0", "never");
    await fails(/web:2\.0\.0@h1.* did not become ready within 5 s/, "--timeout=5");
    assert.match(
      await git("log", "-n1", "--format=%s"),
      /Restored after the release of web:2\.0\.0/,
    );
  });

  await t.step("a version that becomes ready and ends", async () => {
    await cluster.version("2.1.0", "dies");
    await fails(/did not (stay|become) ready/, "--timeout=15");
  });

  await t.step("a bad config", async () => {
    await cluster.version("2.2.0");
    const config = join(cluster.local.project, "_config/web/site/settings.json");
    const good = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, "{");
    await cluster.local.commit("A bad config");
    const text = await fails(/did not become ready/, "--timeout=8");
    assert.match(text, /what web:2\.2\.0@h1 wrote last:[^]*SyntaxError/);
    await Deno.writeTextFile(config, good);
    await cluster.local.commit("A good config");
  });

  await t.step("a pod.yaml that cannot be compiled", async () => {
    const yaml = join(cluster.source, "pod.yaml");
    await Deno.writeTextFile(yaml, (await Deno.readTextFile(yaml)).replace("restart:", "restrat:"));
    await fails(/restrat/);
    await cluster.version("2.2.0");
  });

  await t.step("a daemon that dies in the middle", async () => {
    await cluster.version("2.3.0");
    const releasing = fails(/web:2\.3\.0@h3/, "--timeout=8");
    await cluster.local.stopDaemon("h3", "SIGKILL");
    await releasing;
    cluster.local.startDaemon("h3");
  });

  const { failures } = await clients.stop();
  assert.deepEqual(failures, []);
});

Deno.test("sns killed in any phase: the same command goes on, or a rollback goes back", async (t) => {
  await using cluster = await ReleaseCluster.create();
  const clients = load();
  let number = 0;
  for (const phase of ["deliver", "open", "close", "retire"]) {
    await t.step(`killed after ${phase}`, async () => {
      const version = `3.${number++}.0`;
      await cluster.version(version);
      await killedAfter(cluster, phase);
      const { code, text } = await cluster.release("web", "--drain=5");
      assert.equal(code, 0, text);
      assert.match(text, /Go on with web/);
      await eventually(
        "only the new one runs",
        async () => JSON.stringify(await cluster.running()) === JSON.stringify(all(version)),
        60_000,
      );
    });
  }

  await t.step("taken back instead", async () => {
    const before = await cluster.tree();
    await cluster.version("4.0.0");
    await killedAfter(cluster, "open");
    const { code } = await cluster.local.try(
      cluster.local.project,
      "sns",
      "pod",
      "rollback",
      "web",
    );
    assert.equal(code, 1);
    assert.equal(await cluster.tree(), before);
  });

  await t.step("killed before the first commit", async () => {
    await cluster.version("5.0.0");
    await cluster.local.sns("pod", "compile", "web");
    const { code, text } = await cluster.release("web", "--drain=5");
    assert.equal(code, 0, text);
  });

  const { failures } = await clients.stop();
  assert.deepEqual(failures, []);
});

/** Starts a release and kills it with SIGKILL as soon as it tells of a phase. */
async function killedAfter(cluster: ReleaseCluster, phase: string): Promise<void> {
  const child = cluster.local.spawn("pod", "release", "web", "--json", "--drain=5");
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(`"phase":"${phase}","back"`)) child.kill("SIGKILL");
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL", text);
}
