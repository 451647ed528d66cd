import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { podYaml, TestProject } from "./testing/project.ts";

/** A project whose hosts have no daemons: nothing ever becomes ready there. */
async function withWeb(): Promise<TestProject> {
  const project = await TestProject.create(["h1", "h2"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=hi\n",
  });
  await project.git("config", "user.name", "t");
  await project.git("config", "user.email", "t@localhost");
  for (const host of ["h1", "h2"]) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
  await project.ok("cluster sync");
  await project.commit();
  await project.write({ "_pods/web/pod.yaml": podYaml("1.1.0") });
  return project;
}

const tree = async (project: TestProject) =>
  (await project.git("ls-tree", "-r", "HEAD")).split("\n")
    .filter((line) => !/log\.txt$|\t_synclogs\//.test(line));

/** The state of a release at a host, and whether it has port mappings there. */
async function onHost(project: TestProject, host: string, version: string) {
  const dir = project.home(host, "pods/web/release", version);
  const state = (await Deno.readTextFile(join(dir, "pod.state"))).trim();
  const open = await Deno.stat(join(dir, "pod.portmappings.conf")).then(() => true, () => false);
  return { state, open };
}

Deno.test("a dry run of a release shows the phases and changes nothing", async () => {
  await using project = await withWeb();
  const before = await tree(project);
  const head = await project.git("rev-parse", "HEAD");
  const shown = await project.ok("pod release web --dry-run --timeout 60 --drain 7");
  match(shown, /^Release web:1\.1\.0 \(soft\)$/m);
  match(shown, /runs then: web:1\.1\.0@h1, web:1\.1\.0@h2$/m);
  match(shown, /goes: web:1\.0\.0@h1, web:1\.0\.0@h2$/m);
  const phases = [...shown.matchAll(/^ {2}(deliver|open|close|retire) +h1, h2: /gm)].map(([, p]) =>
    p
  );
  deepStrictEqual(phases, ["deliver", "open", "close", "retire"]);
  match(shown, /ready within 60 s/);
  match(shown, /get 7 s to end/);
  deepStrictEqual(await tree(project), before);
  strictEqual(await project.git("rev-parse", "HEAD"), head);
  strictEqual(await project.git("status", "--porcelain"), "");
});

Deno.test("a release that never becomes ready ends with the project and the hosts as before", async () => {
  await using project = await withWeb();
  const before = await tree(project);
  const ran = await project.run("pod release web --timeout 1 --settle 0 --drain 1 --json");
  strictEqual(ran.code, 1, ran.stderr);
  const events = ran.stdout.trim().split("\n").map((line) => JSON.parse(line));
  deepStrictEqual(
    events.map(({ event }) => event).filter((event) => event !== "waiting"),
    ["plan", "phase", "failed", "phase", "phase", "receipt", "end"],
  );
  match(
    events.find(({ event }) => event === "failed").why,
    /web:1\.1\.0@h1.*not become ready within 1 s/,
  );
  const end = events.at(-1);
  strictEqual(end.result, "restored");
  deepStrictEqual(await tree(project), before);
  match(
    await project.git("log", "-n1", "--format=%B"),
    /^Restored after [^]*Sns-Why: .*within 1 s/,
  );
  strictEqual(await project.git("status", "--porcelain"), "");
  for (const host of ["h1", "h2"]) {
    deepStrictEqual(await onHost(project, host, "1.0.0"), { state: "running", open: true });
    deepStrictEqual(await onHost(project, host, "1.1.0"), { state: "removed", open: false });
  }
});

Deno.test("what is not committed is refused, what a killed release left is not", async () => {
  await using project = await withWeb();
  await project.write({ "cluster-vars.env": "web_greeting=ho\n" });
  match(
    await project.fails("pod release web --timeout 1"),
    /these files are not committed\ncluster-vars\.env/,
  );
  await project.commit();
  await project.ok("pod compile web");
  await project.write({ "h1/pods/web/release/.new.1.tmp/pod": "half" });
  const ran = await project.run("pod release web --timeout 0 --settle 0 --drain 0");
  match(ran.stdout, /^Release web:1\.1\.0/m);
  strictEqual(await project.git("status", "--porcelain", "h1/pods/web/release"), "");
});

Deno.test("an interrupted release is not forgotten: others are refused, the same one goes on", async () => {
  await using project = await withWeb();
  const before = await tree(project);
  const controller = new AbortController();
  project.overrides = {
    signal: controller.signal,
    stdout: (text) => text.includes('"phase":"deliver","back"') && controller.abort(),
  };
  const { code, stderr } = await project.run("pod release web --json");
  strictEqual(code, 1);
  match(stderr, /was interrupted; traffic goes on as it is/);
  project.overrides = {};
  await project.write({ "_pods/web/pod.yaml": podYaml("1.2.0") });
  match(
    await project.fails("pod release web"),
    /The release of web:1\.1\.0 was interrupted [^]*sns pod release web:1\.1\.0, or go back with/,
  );
  match(await project.ok("pod release web:1.1.0 --dry-run"), /^Go on with web:1\.1\.0/m);
  match(await project.ok("pod rollback web --dry-run"), /^Go back from web:1\.1\.0/m);
  match(await project.fails("cluster rollback HEAD~1"), /interrupted/);
  await project.fails("pod rollback web --timeout 1");
  deepStrictEqual(await tree(project), before);
});

Deno.test("two versions with the same host port need another mode", async () => {
  await using project = await withWeb();
  const fixed = (version: string) => podYaml(version).replace("${HOSTPORTAUTO1}", "30500");
  await project.write({ "_pods/web/pod.yaml": fixed("1.2.0") });
  await project.run("pod release web --mode hard --timeout 0");
  await using other = await TestProject.create(["h1"]);
  await other.write({
    "_pods/web/pod.yaml": fixed("1.0.0"),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=hi\n",
  });
  await other.ok("host attach web@h1");
  await other.ok("pod compile web");
  await other.commit();
  await other.ok("cluster sync");
  await other.write({ "_pods/web/pod.yaml": fixed("1.1.0") });
  const said = await other.fails("pod release web");
  match(said, /host port 30500 is used by/);
  strictEqual(await other.git("status", "--porcelain", "h1"), "");
  match(
    await other.ok("pod release web --mode safe --dry-run"),
    /^ {2}stop +h1: remove web:1\.0\.0/m,
  );
});

Deno.test("names that can't be released are refused with what to do", async () => {
  await using project = await withWeb();
  match(await project.fails("pod release web@h1"), /a release is for all hosts of a pod/);
  match(await project.fails("pod release web:9.9.9"), /pod\.yaml has the version 1\.1\.0/);
  match(await project.fails("pod release nosuch"), /nosuch/);
  match(await project.fails("pod rollback web:9.9.9"), /neither in the project nor in its history/);
  match(await project.fails("pod rollback web"), /No version of web before 1\.0\.0 is known/);
  match(await project.fails("cluster rollback nosuch"), /does not have the commit nosuch/);
  match(await project.fails("pod release ingress"), /ingress/);
});
