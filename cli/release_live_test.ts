/** Releases with real daemons and pods that are programs; who is routed is read from portmappings.conf. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { FAST, LiveProject } from "./testing/live_project.ts";
import { podYaml } from "./testing/project.ts";

Deno.test("soft, hard and safe releases, and rollbacks, on real daemons", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const now = async (version: string) => {
    strictEqual(await live.routed(), `h1 ${version}, h2 ${version}`);
    strictEqual(await project.git("status", "--porcelain"), "", "all is committed, logs too");
  };

  await live.version("1.1.0");
  match(await project.ok(`pod release web ${FAST}`), /^Release web:1\.1\.0/);
  await now("1.1.0");
  match(await project.fails("pod release web"), /Nothing to do: web:1\.1\.0 is released already/);
  await live.version("1.2.0");
  await project.ok(`pod release web --mode safe ${FAST}`);
  await now("1.2.0");
  await live.version("1.3.0");
  await project.ok(`pod release web --mode hard ${FAST}`);
  await now("1.3.0");
  const done = (await project.git("rev-parse", "HEAD")).trim();

  await project.ok(`pod rollback web --mode soft ${FAST}`);
  await now("1.2.0");
  await project.ok(`pod rollback web:1.0.0 ${FAST}`);
  await now("1.0.0");
  // Gone from the project and from the hosts: it comes back from the history.
  await project.ok("pod delete web:1.3.0");
  await project.commit();
  await project.ok("cluster sync");
  await project.commit();
  await project.ok("host prune --yes");
  await project.ok(`pod rollback web:1.3.0 ${FAST}`);
  await now("1.3.0");

  await project.ok(`cluster rollback ${done} --yes ${FAST}`);
  await now("1.3.0");
  const files = (await project.git("diff", "--name-only", done, "HEAD")).trim().split("\n");
  deepStrictEqual(files.filter((path) => !/log\.txt$|^_synclogs\//.test(path)), []);
});

Deno.test("interrupted in each phase, a release goes on, or back when it is told so", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  let version = 0;
  for (const phase of ["open", "retire"]) {
    await live.version(`2.${++version}.0`);
    await live.interrupted(`pod release web ${FAST}`, `"phase":"${phase}","back"`);
    match(await project.ok(`pod release web ${FAST}`), /^Go on with web:2/);
    strictEqual(await live.routed(), `h1 2.${version}.0, h2 2.${version}.0`);
  }
  for (const phase of ["deliver", "close"]) {
    const before = await live.tree();
    await live.version(`2.${++version}.0`);
    await live.interrupted(`pod release web ${FAST}`, `"phase":"${phase}","back"`);
    match(await project.fails(`pod rollback web ${FAST}`), /all is as before/);
    strictEqual(await live.tree(), before, phase);
    strictEqual(await live.routed(), "h1 2.2.0, h2 2.2.0", phase);
  }
});

Deno.test("a version that is never ready is taken back, and a host without a daemon stops a release", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const before = await live.tree();
  await live.version("3.0.0", "never");
  match(
    await project.fails(`pod release web --timeout 4 ${FAST}`),
    /web:3\.0\.0@h1, web:3\.0\.0@h2 did not become ready within 4 s/,
  );
  strictEqual(await live.tree(), before);
  strictEqual(await live.routed(), "h1 1.0.0, h2 1.0.0");

  await live.version("3.1.0");
  await live.daemons.stop(project.home("h2"), "SIGKILL");
  match(
    await project.fails(`pod release web --timeout 5 ${FAST}`),
    /web:3\.1\.0@h2 did not become ready within 5 s/,
  );
  strictEqual(await live.tree(), before);
  strictEqual(await live.routed(), "h1 1.0.0, h2 1.0.0");
});

Deno.test("a pod without traffic is released, too, and rolled back", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const version = (version: string) => {
    const [yaml] = podYaml(version).split("  expose:\n");
    const text = yaml!.replace("${greeting}", "hi");
    return project.write({ "_pods/job/pod.yaml": text, "_pods/job/config/conf/a": "1" });
  };
  await version("1.0.0");
  for (const host of ["h1", "h2"]) await project.ok(`host attach job@${host}`);
  await project.ok("pod compile job");
  await project.commit();
  await project.ok("cluster sync");
  await project.commit();
  await version("1.1.0");
  const plan = await project.ok(`pod release job ${FAST}`);
  match(plan, /^Release job:1\.1\.0/);
  const phases = (await project.git("log", "--format=%s")).split("\n").filter((line) =>
    /job:1\.1\.0/.test(line)
  );
  strictEqual(phases.length, 3, phases.join("\n"));
  strictEqual(
    (await project.ok("pod ls job -s running")).trim(),
    "job:1.1.0@h1 running\njob:1.1.0@h2 running",
  );
  await project.ok(`pod rollback job ${FAST}`);
  strictEqual(
    (await project.ok("pod ls job -s running")).trim(),
    "job:1.0.0@h1 running\njob:1.0.0@h2 running",
  );
});
