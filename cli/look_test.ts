/** Commands that look at all hosts: ps, diff; and the logins to registries. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { podYaml, TestProject } from "./testing/project.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";
import { until } from "./testing/until.ts";

async function withWeb(): Promise<TestProject> {
  const project = await TestProject.create(["h1", "h2"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "_pods/web/config/conf/a  b\nc": "odd",
    "cluster-vars.env": "web_greeting=x\n",
  });
  for (const host of ["h1", "h2"]) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
  return project;
}

const web = (project: TestProject, host: string, ...path: string[]) =>
  project.home(host, "pods/web/release/1.0.0", ...path);

type Row = Record<string, unknown>;

Deno.test("cluster ps tells of what is wanted, what runs, and what differs", async () => {
  await using project = await withWeb();
  match(await project.ok("cluster ps"), /^h1 +web:1\.0\.0 +running +- +no +0 +- +not synced$/m);
  await project.ok("cluster sync");
  const now = Math.floor(Date.now() / 1000);
  const status = (updated: number) =>
    `pod: web-1.0.0\nstarted: ${now - 7300}\nupdated: ${updated}\nstatus: running\nreadiness: 1\n` +
    "containers:\n    - name: web\n      startCount: 3\n";
  await Deno.writeTextFile(web(project, "h1", ".pod.status"), status(now));
  await Deno.writeTextFile(web(project, "h2", ".pod.status"), status(now - 60));
  await Deno.writeTextFile(web(project, "h2", "pod.state"), "stopped\n");
  await Deno.writeTextFile(web(project, "h2", "pod"), "changed\n");
  const out = await project.ok("cluster ps");
  match(out, /^HOST +POD +DESIRED +LIVE +READY +RESTARTS +AGE +DRIFT\n/);
  match(out, /^h1 +web:1\.0\.0 +running +running +yes +2 +2h1m +-$/m);
  match(out, /^h2 +web:1\.0\.0 +running +stale +no +2 +2h1m +files, state$/m);
  await project.ok("host detach web@h2");
  const { pods } = JSON.parse(await project.ok("cluster ps --json --pod=web"));
  deepStrictEqual(pods.map(({ host, desired }: Row) => [host, desired]), [["h1", "running"], [
    "h2",
    "-",
  ]]);
  await Deno.remove(project.home("h1"), { recursive: true });
  const { code, stdout, stderr } = await project.run("cluster ps");
  strictEqual(code, 1);
  match(stderr, /h1: .*not initialised/);
  match(stdout, /^h2 /m);
});

Deno.test("cluster diff tells of what was changed by hand since the last sync", async () => {
  await using project = await withWeb();
  match(await project.fails("cluster diff"), /"h1" was never synced/);
  await project.ok("cluster sync");
  const clean = await project.ok("cluster diff");
  match(clean, /^h1: as [0-9a-f]{10} has it\nh2: as /);
  // Later commits are no drift.
  await project.ok("pod state web -s stopped");
  await project.commit();
  await project.ok("cluster diff");
  await Deno.writeTextFile(web(project, "h1", "config/conf/a"), "2");
  await Deno.writeTextFile(web(project, "h1", "config/conf/new"), "x");
  await Deno.chmod(web(project, "h1", "config/conf/a  b\nc"), 0o755);
  await Deno.writeTextFile(web(project, "h2", "pod"), "changed\n");
  const { code, stdout } = await project.run("cluster diff");
  strictEqual(code, 2);
  const config = "pods/web/release/1.0.0/config/conf";
  strictEqual(
    stdout.replaceAll(/[0-9a-f]{10}/g, "COMMIT"),
    `h1: not as COMMIT has it\n  ${config}/a is changed\n  ${config}/a  b\\nc is changed\n` +
      `  ${config}/new is extra\n` +
      "h2: not as COMMIT has it\n  a sync would update pod of web:1.0.0\n",
  );
  const { hosts } = JSON.parse((await project.run("cluster diff --json")).stdout);
  deepStrictEqual(hosts.map((each: Row) => (each["configs"] as Row[]).length), [3, 0]);
  await Deno.writeTextFile(project.home("h2", "commit-chain.txt"), `${"ab".repeat(20)}\n`);
  match(await project.fails("cluster diff"), /h2: .*does not have the commit abab/);
});

Deno.test("cluster registry writes the logins for one host, all or stdout", async () => {
  await using project = await TestProject.create(["h1"]);
  project.stdin = "example.com:me:se:cret\nother.example:you@there:p\n";
  await project.ok("cluster registry");
  const { auths } = JSON.parse(await Deno.readTextFile(project.path("registry-config.json")));
  deepStrictEqual(
    Object.entries(auths as Record<string, { auth: string }>).map((
      [name, { auth }],
    ) => [name, atob(auth)]),
    [["example.com", "me:se:cret"], ["other.example", "you@there:p"]],
  );
  strictEqual((await Deno.stat(project.path("registry-config.json"))).mode! & 0o777, 0o600);
  await project.ok("cluster registry h1");
  const own = await Deno.readTextFile(project.path("h1/registry-config.json"));
  strictEqual(await project.ok(["cluster", "registry", "-"]), own);
  project.stdin = "example.com:topsecret\n";
  const said = await project.fails("cluster registry");
  match(said, /line 1: it is not registry:user:password/);
  ok(!said.includes("topsecret"));
  match(await project.fails("cluster registry nobody"), /No host "nobody"/);
});

Deno.test({
  name: "host init brings the logins to SSH hosts, for their user alone",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await TestProject.create([]);
    const address = `${sshd.address}:${sshd.port}`;
    await project.ok([
      "host",
      "register",
      "far",
      "-a",
      address,
      "-u",
      sshd.user,
      "-k",
      sshd.key,
      "--yes",
    ]);
    project.stdin = "example.com:me:secret\n";
    await project.ok("cluster registry far");
    await project.ok("host init far");
    const file = join(sshd.home, ".docker/config.json");
    strictEqual(
      await Deno.readTextFile(file),
      await Deno.readTextFile(project.path("far/registry-config.json")),
    );
    strictEqual((await Deno.stat(file)).mode! & 0o777, 0o600);
    const other = { auth: "b3RoZXI6c2VjcmV0" };
    const theirs = { credsStore: "x", auths: { "other.example": other, "example.com": other } };
    await Deno.writeTextFile(file, JSON.stringify(theirs));
    await project.ok("host init far");
    const { auths, credsStore } = JSON.parse(await Deno.readTextFile(file));
    deepStrictEqual([credsStore, auths["other.example"]], ["x", other]);
    strictEqual(atob(auths["example.com"].auth), "me:secret");
    await Deno.writeTextFile(file, "{ secret");
    const said = await project.fails("host init far");
    match(said, /Cannot read the logins in ~\/\.docker\/config\.json there/);
    ok(!said.includes("secret"));
    strictEqual((await Deno.stat(join(sshd.home, "far/pods"))).mode! & 0o777, 0o755);
  },
});

Deno.test("a plan says which configs were changed by hand, and sync replaces them when told to", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  strictEqual(await project.ok("cluster plan"), "h1: nothing to do\nh2: nothing to do\n");
  await laterThan(
    web(project, "h1", "config/conf.txt"),
    () => Deno.writeTextFile(web(project, "h1", "config/conf/a"), "by hand"),
  );
  // Written again with the same content is no change.
  await laterThan(
    web(project, "h2", "config/conf.txt"),
    () => Deno.writeTextFile(web(project, "h2", "config/conf/a"), "1"),
  );
  const changed = "config conf of web:1.0.0 was changed on the host";
  strictEqual(
    await project.ok("cluster plan"),
    `h1: nothing to do\n  ${changed}, and stays so (sns cluster diff; --pod-to-overwrite=web:1.0.0` +
      " replaces it)\nh2: nothing to do\n",
  );
  const { hosts } = JSON.parse(await project.ok("cluster plan --json"));
  deepStrictEqual(hosts.map((each: Row) => (each["changed"] as Row[]).length), [1, 0]);
  const { stderr } = await project.run("cluster sync");
  match(stderr, /^\[WARN\] {2}h1: config conf .* stays so/m);
  strictEqual(await Deno.readTextFile(web(project, "h1", "config/conf/a")), "by hand");
  match(
    (await project.run("cluster sync --dry-run --pod-to-overwrite=web:1.0.0")).stdout,
    /replaced/,
  );
  await project.ok("cluster sync --pod-to-overwrite=web:1.0.0");
  strictEqual(await Deno.readTextFile(web(project, "h1", "config/conf/a")), "1");
  strictEqual(await project.ok("cluster plan"), "h1: nothing to do\nh2: nothing to do\n");
  match(await project.fails("cluster sync --pod-to-overwrite=web"), /pod:version/);
  match(await project.fails("cluster sync --pod-to-overwrite=web:2.0.0"), /no release web:2\.0\.0/);
});

/** Does `work` until what it changes is of a later second than `file`. */
async function laterThan(file: string, work: () => Promise<void>): Promise<void> {
  const { ctime } = await Deno.stat(file);
  // The clock of files is a little late.
  const next = (Math.floor(ctime!.getTime() / 1000) + 1) * 1000 + 50;
  await until("the next second", () => Date.now() >= next);
  await work();
}
