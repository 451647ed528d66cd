/** Locks, old releases and logs of hosts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";

async function withWeb(): Promise<TestProject> {
  const project = await TestProject.create(["h1"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=x\n",
  });
  await project.ok("host attach web@h1");
  await project.ok("pod compile web");
  await project.commit();
  await project.ok("cluster sync");
  return project;
}

const inHome = (project: TestProject, ...path: string[]) => project.home("h1", ...path);

async function lockFor(project: TestProject, seconds: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const lock = `fence=7\ntoken=12\nowner=alice\nmachine=laptop\nsince=${now - 5}\nexpires=${
    now + seconds
  }\n`;
  await Deno.writeTextFile(inHome(project, ".sns-lock"), lock);
  await Deno.writeTextFile(inHome(project, "lock-token.txt"), "12\n");
  return lock;
}

Deno.test("host unlock shows who holds a lock, and breaks it when told to", async () => {
  await using project = await withWeb();
  match((await project.run("host unlock h1")).stderr, /Nothing to do: "h1" is not locked/);
  const lock = await lockFor(project, 50);
  match(
    await project.fails("host unlock h1"),
    /alice on laptop since .*token 12, expires in[\s\S]*--yes/,
  );
  const shown = JSON.parse(await project.ok("host unlock h1 --json"));
  deepStrictEqual([shown.locked, shown.owner, shown.token], [true, "alice", "12"]);
  project.ask = () => Promise.resolve("no");
  await project.fails("host unlock h1");
  strictEqual(await Deno.readTextFile(inHome(project, ".sns-lock")), lock);
  project.ask = () => Promise.resolve("yes");
  await project.ok("host unlock h1");
  ok(!await exists(inHome(project, "lock-token.txt")));
  match(await Deno.readTextFile(inHome(project, ".sns-lock")), /^fence=8\ntoken=\n/);
  await project.commit("go on");
  await project.ok("cluster sync");
});

Deno.test("host unlock knows the locks of older programs, and expired ones", async () => {
  await using project = await withWeb();
  await Deno.writeTextFile(inHome(project, "lock-token.txt"), "99\n");
  const { stderr } = await project.run("host unlock h1 --yes");
  match(stderr, /locked by a sync of an older program .*token 99/);
  ok(!await exists(inHome(project, "lock-token.txt")));
  await lockFor(project, -4);
  match((await project.run("host unlock h1 --yes")).stderr, /expired \d+ s ago/);
});

Deno.test("a sync whose lock was broken writes nothing more", async () => {
  await using project = await withWeb();
  await project.commit("more");
  const { REMOTE_PROGRAMS } = await import("./remote/programs.ts");
  const { LocalHost } = await import("../daemon/mod.ts");
  const before = await Deno.readTextFile(inHome(project, "commit-chain.txt"));
  const other = Object.assign(Object.create(Object.getPrototypeOf(project)), project);
  other.overrides = {};
  project.overrides = {
    connect: (host) => {
      const real = new LocalHost(host.name);
      return {
        name: real.name,
        run: async (program) => {
          if (program.script === REMOTE_PROGRAMS.apply) await other.ok("host unlock h1 --yes");
          return await real.run(program);
        },
      };
    },
  };
  match(await project.fails("cluster sync"), /refused the update: the lock \d+ was lost/);
  strictEqual(await Deno.readTextFile(inHome(project, "commit-chain.txt")), before);
});

Deno.test("host prune removes what is removed and gone, and nothing else", async () => {
  await using project = await withWeb();
  match((await project.run("host prune")).stderr, /Nothing to do/);
  for (const version of ["1.0.1", "1.0.2"]) {
    await project.write({ "_pods/web/pod.yaml": podYaml(version) });
    await project.ok("pod compile web");
  }
  await project.ok("pod state web:1.0.0 web:1.0.1 -s removed");
  await project.commit();
  await project.ok("cluster sync");
  const release = (version: string) => inHome(project, "pods/web/release", version);
  // The first has ended, the second was never here, a third one still runs.
  await Deno.writeTextFile(`${release("1.0.0")}/.pod.status`, "pod: web-1.0.0\nstatus: removed\n");
  await Deno.mkdir(`${release("0.9.0")}/log`, { recursive: true });
  await Deno.writeTextFile(`${release("0.9.0")}/pod.state`, "removed\n");
  await Deno.writeTextFile(`${release("0.9.0")}/.pod.status`, "pod: web-0.9.0\nstatus: running\n");
  const dry = JSON.parse(await project.ok("host prune --dry-run --json"));
  deepStrictEqual(
    dry.map((each: Record<string, string>) => `${each["version"]} ${each["result"]}`),
    [
      "0.9.0 kept",
      "1.0.0 removable",
    ],
  );
  match(await project.fails("host prune h1"), /Nobody is there to answer[\s\S]*--yes/);
  ok(await exists(release("1.0.0")));
  match(
    (await project.run("host prune h1 --yes")).stderr,
    /it is still running[\s\S]*Removed 1 of 1/,
  );
  ok(!await exists(release("1.0.0")));
  ok(await exists(release("0.9.0")) && await exists(release("1.0.2")));
  ok(!await exists(inHome(project, "lock-token.txt")), "the lock is released");
  // 0.9.0 is none of the project's, but removed already.
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("host prune asks the pod to remove its volumes, and keeps a release that can't", async () => {
  await using project = await withWeb();
  await project.ok("pod state web -s removed");
  await project.commit();
  await project.ok("cluster sync");
  const release = inHome(project, "pods/web/release/1.0.0");
  const pod = (text: string) => Deno.writeTextFile(`${release}/pod`, `#!/bin/sh\n${text}\n`);
  await pod("echo busy >&2; exit 1");
  match(
    await project.fails("host prune --volumes --yes"),
    /busy[\s\S]*volumes could not be removed/,
  );
  ok(await exists(`${release}/pod.state`));
  await pod(`printf '%s ' "$@" >"${project.base}/said"`);
  await project.ok("host prune --yes --volumes");
  strictEqual(await Deno.readTextFile(`${project.base}/said`), "purge --shared ");
  ok(!await exists(inHome(project, "pods/web")));
});

Deno.test("host prune waits for nobody who syncs", async () => {
  await using project = await withWeb();
  await project.ok("pod state web -s removed");
  await project.commit();
  await project.ok("cluster sync");
  await lockFor(project, 50);
  match(await project.fails("host prune --yes"), /locked by alice/);
  ok(await exists(inHome(project, "pods/web/release/1.0.0")));
});

Deno.test("host logs --sync shows what syncs did on a host", async () => {
  await using project = await withWeb();
  match(
    await project.ok("host logs h1 --sync"),
    /^\d{4}-.*Z\n\[SYNC\] {2}Host: h1\ndeliver web:1\.0\.0/,
  );
  match(await project.fails("host logs nobody --sync"), /No host "nobody"/);
});
