import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";
import { makeKey } from "./testing/sshd.ts";

/** A project with a pod `web` attached to and compiled for h1 and h2, committed. */
async function withWeb(): Promise<TestProject> {
  const project = await TestProject.create(["h1", "h2"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/app.conf": "a=1\n",
    "cluster-vars.env": "web_greeting=it's $5 & more\\n\n",
  });
  await project.ok("host attach web@h1");
  await project.ok("host attach web@h2");
  await project.ok("pod compile web");
  await project.commit();
  return project;
}

const read = (path: string) => Deno.readTextFile(path);

Deno.test("a cluster from create to sync, and again", async () => {
  await using project = await withWeb();
  strictEqual((await project.run("cluster plan")).code, 2);
  await project.ok("cluster sync");
  for (const host of ["h1", "h2"]) {
    const release = project.home(host, "pods/web/release/1.0.0");
    strictEqual(await read(`${release}/pod.state`), "running\n");
    strictEqual(await read(`${release}/config/conf/app.conf`), "a=1\n");
    ok(!await exists(`${release}/.pod.yaml`), ".pod.yaml is not delivered");
    ok(!await exists(project.home(host, "lock-token.txt")), "the lock is released");
    const head = (await project.git("rev-parse", "HEAD")).trim();
    strictEqual(
      (await read(project.home(host, "commit-chain.txt"))).trim().split(" ").at(-1),
      head,
    );
  }
  strictEqual(await read(project.home("h1", "hosts.conf")), "127.0.0.2:32767\n127.0.0.3:32767\n");
  strictEqual(await read(project.home("h2", "hosts.conf")), "127.0.0.3:32767\n127.0.0.2:32767\n");
  strictEqual(
    await read(project.home("h1", "pods/web/release/1.0.0/pod.portmappings.conf")),
    "61000:30000:4096:false\n",
  );
  match((await project.run("cluster sync")).stderr, /Nothing to do/);
  strictEqual((await project.run("cluster plan")).code, 0);
  match(await project.syncLog(), / tester SYNC_DONE token:[0-9]+\n/);
});

Deno.test("new, changed and removed configs reach hosts, the live directory stays", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  const live = project.home("h1", "pods/web/release/1.0.0/config/conf");
  const { ino } = await Deno.stat(live);
  await Deno.remove(project.path("_config/web/conf/app.conf"));
  await project.write({
    "_config/web/conf/.hidden": "h",
    "_config/web/conf/a name\nwith newline": "n",
    "_config/web/conf/run.sh": "#!/bin/sh\n",
    "_config/web/extra/x": "x",
  });
  await Deno.chmod(project.path("_config/web/conf/run.sh"), 0o755);
  await Deno.symlink("run.sh", project.path("_config/web/conf/link"));
  await project.ok("pod updateconfig web");
  await project.commit();
  await project.ok("cluster sync -q");
  const names = [...Deno.readDirSync(live)].map(({ name }) => name).sort();
  deepStrictEqual(names, [".hidden", "a name\nwith newline", "link", "run.sh"]);
  strictEqual(await Deno.readLink(`${live}/link`), "run.sh");
  strictEqual((await Deno.stat(`${live}/run.sh`)).mode! & 0o777, 0o755);
  strictEqual((await Deno.stat(live)).ino, ino);
  strictEqual(await read(`${live}/../extra/x`), "x");
  await Deno.remove(project.path("_config/web/extra"), { recursive: true });
  await Deno.chmod(project.path("_config/web/conf/run.sh"), 0o644);
  await project.ok("pod updateconfig web");
  await project.commit();
  await project.ok("cluster sync");
  ok(!await exists(`${live}/../extra`) && !await exists(`${live}/../extra.txt`));
  strictEqual((await Deno.stat(`${live}/run.sh`)).mode! & 0o100, 0, "a mode alone counts too");
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("detached and deleted pods become removed on the host", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  await project.ok("host detach web@h1");
  ok([...Deno.readDirSync(project.path("h1/pods"))].some(({ name }) => /^\.web\.\d+$/.test(name)));
  await project.commit();
  await project.ok("cluster sync");
  strictEqual(await read(project.home("h1", "pods/web/release/1.0.0/pod.state")), "removed\n");
  strictEqual(await read(project.home("h2", "pods/web/release/1.0.0/pod.state")), "running\n");
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("an inactive host drains, a disabled one is left alone", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  await project.ok("host state h2 -s inactive");
  await project.commit();
  await project.ok("cluster sync");
  strictEqual(await read(project.home("h1", "hosts.conf")), "127.0.0.2:32767\n");
  strictEqual(await read(project.home("h2", "hosts.conf")), "127.0.0.3:32767\n127.0.0.2:32767\n");
  strictEqual(await read(project.home("h2", "pods/web/release/1.0.0/pod.state")), "running\n");
  await project.ok("host state h2 -s disabled");
  await project.commit();
  const { stderr } = await project.run("cluster sync");
  ok(!stderr.includes("h2"), stderr);
});

Deno.test("sync refuses uncommitted files by name, but not its own logs", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  await project.write({ "notes.txt": "x", "_config/web/log.txt": "x" });
  const said = await project.fails("cluster sync");
  match(said, /notes\.txt/);
  match(said, /_config\/web\/log\.txt/);
  ok(!/^log\.txt$/m.test(said) && !said.includes("_synclogs"), said);
});

Deno.test("sync refuses a rollback and a branch, and takes --force", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  await project.commit("newer");
  await project.ok("cluster sync");
  await project.git("reset", "-q", "--hard", "HEAD~1");
  match(await project.fails("cluster sync"), /h1: Host "h1".*newer than HEAD.*\n.*--force/);
  strictEqual((await project.run("cluster plan")).code, 1);
  await project.commit("other");
  match(await project.fails("cluster sync"), /not in the history of HEAD/);
  await project.ok("cluster sync --force");
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("sync understands the abbreviated chain of older programs", async () => {
  await using project = await withWeb();
  const id = (await project.git("rev-parse", "HEAD")).trim();
  await Deno.writeTextFile(project.home("h1", "commit-chain.txt"), `${id.slice(0, 7)}\n`);
  await project.commit("newer");
  await project.ok("cluster sync");
});

Deno.test("sync refuses a foreign cluster and a host that is not initialised", async () => {
  await using project = await withWeb();
  await Deno.writeTextFile(project.home("h1", "cluster-id.txt"), "other-1\n");
  match(await project.fails("cluster sync"), /h1: .*another cluster.*"other-1"/);
  ok(!await exists(project.home("h2", "pods/web")), "no host is touched");
  match(await project.fails("host init h1", 2), /belongs to the cluster other-1/);
  await project.ok("host init h1 --force");
  await Deno.remove(project.home("h2"), { recursive: true });
  match(await project.fails("cluster sync"), /h2.*not initialised[\s\S]*sns host init h2/);
});

Deno.test("sync names the holder of a lock, of older programs too", async () => {
  await using project = await withWeb();
  const now = Math.floor(Date.now() / 1000);
  const lock = `fence=7\ntoken=12\nowner=alice\nmachine=laptop\nsince=${now}\nexpires=${
    now + 25
  }\n`;
  await Deno.writeTextFile(project.home("h2", ".sns-lock"), lock);
  await Deno.writeTextFile(project.home("h2", "lock-token.txt"), "12\n");
  match(await project.fails("cluster sync"), /locked by alice on laptop since .*token 12/);
  ok(!await exists(project.home("h1", "pods/web")), "no host is touched");
  ok(!await exists(project.home("h1", "lock-token.txt")), "the other locks are released");
  strictEqual(await read(project.home("h2", ".sns-lock")), lock, "theirs is left alone");
  await Deno.writeTextFile(project.home("h2", "lock-token.txt"), "99\n");
  match(await project.fails("cluster sync"), /locked by a sync of an older program \(token 99\)/);
  const old = new Date(Date.now() - 11_000);
  await Deno.utime(project.home("h2", "lock-token.txt"), old, old);
  await project.ok("cluster sync");
  match(await read(project.home("h2", ".sns-lock")), /^fence=8\ntoken=\n/);
});

Deno.test("of two syncs at once one wins and the other is told", async () => {
  await using project = await withWeb();
  const both = await Promise.all([project.run("cluster sync"), project.run("cluster sync")]);
  const codes = both.map(({ code }) => code).sort();
  const texts = both.map(({ stderr }) => stderr).join("\n---\n");
  ok(codes[0] === 0, texts);
  if (codes[1] !== 0) match(texts, /locked by tester on /);
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("a host that can't be reached fails the sync, or is skipped", async () => {
  await using project = await withWeb();
  // Nothing listens on port 1.
  await project.ok("host register far -a 127.0.0.1:1");
  await makeKey(project.path("far/id_rsa"));
  await project.commit();
  match(await project.fails("cluster sync"), /far: .*127\.0\.0\.1:1: .*connection refused/);
  ok(!await exists(project.home("h1", "pods/web")));
  await project.fails("cluster sync --skip-unreachable");
  strictEqual(await read(project.home("h1", "pods/web/release/1.0.0/pod.state")), "running\n");
  const json = JSON.parse((await project.run("cluster sync --skip-unreachable --json")).stdout);
  deepStrictEqual(
    json.hosts.map(({ host, result }: Record<string, string>) => `${host} ${result}`),
    ["far skipped", "h1 unchanged", "h2 unchanged"],
  );
});

Deno.test("arguments reach pods as they are", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  const pod = project.home("h1", "pods/web/release/1.0.0/pod");
  await Deno.writeTextFile(pod, `#!/bin/sh\nfor a; do printf '1 <%s>\\n' "$a"; done\n`);
  const odd = ["a b", "it's", '"', "$HOME `id` *", "new\nline", ""];
  const out = await project.ok(["pod", "logs", "web@h1", ...odd]);
  const shown = out.split("\n").filter((line) => line !== "").map((line) => line.slice(4)).join(
    "\n",
  );
  // A line without a time of its own has that of the one before.
  const lines = odd.map((word) => `1 <${word.replace("\n", "\n1 ")}>`);
  ok(shown.endsWith(lines.join("\n")), shown);
});

Deno.test("pod rerun leaves a request on the hosts", async () => {
  await using project = await withWeb();
  match(await project.fails("pod rerun web"), /was it synced/);
  await project.ok("cluster sync");
  doesNotMatch((await project.run("pod rerun web")).stderr, /a new version/);
  const pod = project.path("h1", "pods", "web", "release", "1.0.0", "pod");
  await Deno.writeTextFile(pod, "#!/bin/sh\n# updateOrder: start-first\n");
  match(
    (await project.run("pod rerun web")).stderr,
    /A rerun stops web before it starts it; .* \(sns pod release web\)/,
  );
  await project.ok("pod rerun web web");
  strictEqual(await read(project.home("h2", "pods/web/release/1.0.0/pod.action")), "rerun web\n");
  await project.fails(["pod", "rerun", "web", "a b"]);
  match(
    await project.fails("pod rerun web nosuch"),
    /h2: .*web-1\.0\.0 has no container "nosuch"; it has: web/,
  );
  strictEqual(await read(project.home("h2", "pods/web/release/1.0.0/pod.action")), "rerun web\n");
});

Deno.test("pod ps tells of each host, and its exit code is the worst", async () => {
  await using project = await withWeb();
  await project.ok("cluster sync");
  const script = (text: string) => `#!/bin/sh\n${text}\n`;
  const pod = (host: string) => project.home(host, "pods/web/release/1.0.0/pod");
  await Deno.writeTextFile(
    pod("h1"),
    script("printf 'pod: web-1.0.0\\nstatus: running\\nreadiness: 1\\n'"),
  );
  strictEqual(
    await project.ok("pod ps web@h1"),
    "host: h1\npod: web-1.0.0\nstatus: running\nreadiness: 1\n",
  );
  await Deno.writeTextFile(pod("h2"), script("echo broken >&2; exit 1"));
  const { code, stdout, stderr } = await project.run("pod ps web --json");
  strictEqual(code, 1);
  match(stderr, /h2: broken/);
  const statuses = JSON.parse(stdout);
  deepStrictEqual(statuses.map((each: Record<string, string>) => each["status"]), [
    "running",
    "unknown",
  ]);
  strictEqual(await project.ok("pod ps -r web"), "1/2\n");
});

Deno.test("sync refuses hosts that get in each other's way, until one is disabled", async () => {
  await using project = await withWeb();
  const env = project.path("h2/host.env");
  const original = await read(env);
  const same: readonly [RegExp, string, RegExp][] = [
    [/^HOSTHOME=.*/m, `HOSTHOME=${project.home("h1")}`, /the same HOSTHOME/],
    [/^ROUTERADDRESS=.*/m, "ROUTERADDRESS=127.0.0.2:32767", /the same ROUTERADDRESS/],
    [/^HOSTHOME=.*/m, `HOSTHOME=${project.path("home")}`, /lies in the project/],
  ];
  for (const [line, text, why] of same) {
    await Deno.writeTextFile(env, original.replace(line, text));
    await project.commit();
    match(await project.fails("cluster sync"), why);
    match(await project.fails("cluster plan"), why);
    match(await project.fails("host init h2"), why);
  }
  ok(!await exists(project.home("h1", "pods/web")), "nothing was synced");
  await project.ok("host state h2 -s disabled");
  await project.commit();
  await project.ok("cluster sync");
});

Deno.test("sync without a git repository says so", async () => {
  await using project = await withWeb();
  await Deno.remove(project.path(".git"), { recursive: true });
  match(await project.fails("cluster sync"), /is no git repository[\s\S]*git init/);
});

Deno.test("what a sync writes is in no other operator's way", async () => {
  await using project = await withWeb();
  await project.git("add", ".");
  const clone = `${project.base}/clone`;
  await project.git("clone", "-q", project.root, clone);
  const inClone = (...args: string[]) => project.git("-C", clone, ...args);
  await project.ok("cluster sync");
  strictEqual((await project.git("status", "--porcelain", "-uno")).trim(), "");

  // Both change the same pod: its log has lines of both.
  await project.ok("pod state web@h1 -s stopped");
  await project.commit();
  await project.run("pod state web@h2 -s stopped", clone);
  await project.run("host register h9 -a local -d /nowhere/h9", clone);
  await inClone("add", ".");
  await inClone("commit", "-q", "-m", "the other's");
  await project.ok("cluster sync");
  await project.ok("host register h8 -a local -d /nowhere/h8");
  await project.commit();
  await inClone("pull", "-q", "--no-rebase", "--no-edit");
  match(
    await read(`${clone}/log.txt`),
    /CREATE_HOST h8[\s\S]*CREATE_HOST h9|CREATE_HOST h9[\s\S]*CREATE_HOST h8/,
  );
  strictEqual((await inClone("status", "--porcelain")).trim(), "");
});
