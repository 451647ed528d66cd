import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Host, HostError, type HostProgram, LocalHost } from "../daemon/mod.ts";
import type { Deps } from "./deps.ts";
import { REMOTE_PROGRAMS } from "./remote/programs.ts";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";

async function withWeb(hosts: readonly string[]): Promise<TestProject> {
  const project = await TestProject.create(hosts);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=hi\n",
  });
  for (const host of hosts) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
  return project;
}

type Program = keyof typeof REMOTE_PROGRAMS;

/** Hosts that let `before` do something before a program runs, or `after` it did. */
function tampered(
  change: (
    host: string,
    program: Program,
    run: () => ReturnType<Host["run"]>,
  ) => ReturnType<Host["run"]>,
): Pick<Deps, "connect"> {
  return {
    connect: (dir) => {
      const real = new LocalHost(dir.name);
      return {
        name: real.name,
        run: (program: HostProgram) => {
          const entry = Object.entries(REMOTE_PROGRAMS).find(([, text]) => text === program.script);
          return change(real.name, entry![0] as Program, () => real.run(program));
        },
      };
    },
  };
}

const lost = (host: string) => new HostError(host, "unreachable", "the connection was cut");

Deno.test("an interrupt in the middle of a sync releases the locks, and the next sync completes", async () => {
  await using project = await withWeb(["h1", "h2"]);
  const controller = new AbortController();
  project.overrides = {
    signal: controller.signal,
    ...tampered((_host, program, run) => {
      if (program === "apply") controller.abort(new Error("interrupted"));
      return run();
    }),
  };
  const { code, stderr } = await project.run("cluster sync");
  strictEqual(code, 1, stderr);
  match(
    await project.syncLog(),
    /SYNC_ABORTED_BY_USER[\s\S]*SYNC_LOCK_RELEASED/,
  );
  for (const host of ["h1", "h2"]) ok(!await exists(project.home(host, "lock-token.txt")), host);
  project.overrides = {};
  await project.ok("cluster sync");
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("one host fails in the middle: the others are synced, it is named, the exit code is 1", async () => {
  await using project = await withWeb(["h1", "h2", "h3"]);
  project.overrides = tampered((host, program, run) =>
    host === "h2" && program === "apply" ? Promise.reject(lost(host)) : run()
  );
  const { code, stdout } = await project.run("cluster sync --json");
  strictEqual(code, 1);
  deepStrictEqual(
    JSON.parse(stdout).hosts.map((each: Record<string, string>) => each["result"]),
    ["done", "failed", "done"],
  );
  match(stdout, /the connection was cut/);
  ok(await exists(project.home("h3", "pods/web/release/1.0.0/pod.state")));
  project.overrides = {};
  await project.ok("cluster sync");
});

Deno.test("an answer that is lost after the host did its work is no harm", async () => {
  await using project = await withWeb(["h1"]);
  for (const lossy of ["lockAndObserve", "apply"] as const) {
    project.overrides = tampered(async (host, program, run) => {
      const result = await run();
      if (program === lossy) throw lost(host);
      return result;
    });
    match((await project.run("cluster sync")).stderr, /the connection was cut/);
    ok(!await exists(project.home("h1", "lock-token.txt")), `locked after a lost ${lossy}`);
  }
  project.overrides = {};
  strictEqual((await project.run("cluster plan")).code, 0, "apply had done everything");
});

Deno.test("failing to unlock is told, but does not hide what happened", async () => {
  await using project = await withWeb(["h1"]);
  project.overrides = tampered((host, program, run) =>
    program === "unlock" ? Promise.reject(lost(host)) : run()
  );
  const { code, stderr } = await project.run("cluster sync");
  strictEqual(code, 0, stderr);
  match(stderr, /\[WARN\] .*the connection was cut/);
  match(
    await project.syncLog(),
    /SYNC_DONE[\s\S]*SYNC_LOCK_RELEASE_ERROR/,
  );
});

Deno.test("an operator whose lock expired and was taken is refused by the host", async () => {
  await using project = await withWeb(["h1"]);
  project.overrides = tampered(async (_host, program, run) => {
    if (program === "apply") {
      const file = project.home("h1", ".sns-lock");
      const stolen = (await Deno.readTextFile(file)).replace("fence=1", "fence=2");
      await Deno.writeTextFile(file, stolen.replace("owner=tester", "owner=bob"));
    }
    return run();
  });
  match(await project.fails("cluster sync"), /refused the update: .*locked by bob/);
  ok(!await exists(project.home("h1", "pods/web")), "nothing was written");
});

Deno.test("a host that changed between look and lock is planned again", async () => {
  await using project = await withWeb(["h1"]);
  await project.ok("cluster sync");
  await project.commit("mine");
  let seen = false;
  project.overrides = tampered(async (_host, program, run) => {
    if (program === "lockAndObserve" && !seen) {
      seen = true;
      // Another operator, whose sync was under way at the look, ends it: a commit not known here.
      await Deno.writeTextFile(project.home("h1", "commit-chain.txt"), `${"ab".repeat(20)}\n`);
    }
    return run();
  });
  match(await project.fails("cluster sync"), /not in the history of HEAD/);
  ok(!await exists(project.home("h1", "lock-token.txt")), "the lock is released");
});
