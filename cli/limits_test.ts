/** Limitations that the original system had, and this one must not have. */
import { match, ok, strictEqual } from "node:assert/strict";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";

async function withWeb(hosts: readonly string[]): Promise<TestProject> {
  const project = await TestProject.create(hosts);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=x\n",
  });
  for (const host of hosts) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
  return project;
}

const read = (path: string) => Deno.readTextFile(path);

Deno.test("sync brings changed files of a release, and takes away those that are gone (L-06)", async () => {
  await using project = await withWeb(["h1"]);
  await project.ok("cluster sync");
  const here = project.path("h1/pods/web/release/1.0.0");
  const there = project.home("h1", "pods/web/release/1.0.0");
  await Deno.writeTextFile(`${here}/pod`, "#!/bin/sh\n# changed\n");
  await Deno.writeTextFile(`${here}/pod.ingress.conf`, "new\n");
  await Deno.remove(`${here}/pod.portmappings.conf`);
  await project.commit();
  await project.ok("cluster sync");
  strictEqual(await read(`${there}/pod`), "#!/bin/sh\n# changed\n");
  strictEqual((await Deno.stat(`${there}/pod`)).mode! & 0o111, 0o111);
  strictEqual(await read(`${there}/pod.ingress.conf`), "new\n");
  ok(!await exists(`${there}/pod.portmappings.conf`));
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("hosts.conf is right with three hosts whose names are alike (L-02, L-03)", async () => {
  await using project = await withWeb(["web", "web-2", "a-web"]);
  await project.ok("cluster sync");
  const [web, web2, aWeb] = [2, 3, 4].map((n) => `127.0.0.${n}:32767\n`);
  strictEqual(await read(project.home("web", "hosts.conf")), `${web}${aWeb}${web2}`);
  strictEqual(await read(project.home("web-2", "hosts.conf")), `${web2}${aWeb}${web}`);
  strictEqual(await read(project.home("a-web", "hosts.conf")), `${aWeb}${web}${web2}`);
});

Deno.test("a branch that holds the newer commit does not hide a rollback (L-10)", async () => {
  await using project = await withWeb(["h1"]);
  await project.ok("cluster sync");
  await project.commit("newer");
  await project.git("branch", "leftover");
  await project.ok("cluster sync");
  await project.git("reset", "-q", "--hard", "HEAD~1");
  match(await project.fails("cluster sync"), /newer than HEAD/);
});

Deno.test("a history longer than a command line may be is synced (L-10)", async () => {
  await using project = await withWeb(["h1"]);
  const head = (await project.git("rev-parse", "HEAD")).trim();
  const branch = (await project.git("symbolic-ref", "HEAD")).trim();
  const commits = Array.from(
    { length: 5000 },
    (_, n) =>
      `commit ${branch}\nmark :${n + 1}\ncommitter t <t@localhost> ${
        1.7e9 + n
      } +0000\ndata 1\nx\n` +
      `from ${n === 0 ? head : `:${n}`}\n\n`,
  ).join("");
  const child = new Deno.Command("git", {
    args: ["-C", project.root, "fast-import", "--quiet", "--force"],
    stdin: "piped",
  }).spawn();
  await new Blob([commits]).stream().pipeTo(child.stdin);
  strictEqual((await child.status).code, 0);
  await project.ok("cluster sync");
  const chain = (await read(project.home("h1", "commit-chain.txt"))).trim().split(" ");
  strictEqual(chain.at(-1), (await project.git("rev-parse", "HEAD")).trim());
  ok(chain.length > 5000);
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("a pod.yaml without podVersion fails, uncommitted sources are labelled so (L-35)", async () => {
  await using project = await withWeb(["h1"]);
  await project.write({ "_pods/web/pod.yaml": podYaml().replace(/^podVersion.*\n/m, "") });
  match(await project.fails("pod compile web"), /has no podVersion/);
  await project.write({
    "_pods/web/pod.yaml": podYaml("2.0.0"),
    "cluster-vars.env": "web_greeting=y\n",
  });
  const { code, stderr } = await project.run("pod compile web");
  strictEqual(code, 0, stderr);
  match(stderr, /cluster-vars\.env has uncommitted changes/);
  match(
    await read(project.path("h1/pods/web/log.txt")),
    /COMPILE_POD release:2\.0\.0 pod\.yaml:<none> cluster-vars\.env:<unknown> /,
  );
});

Deno.test("a config that the cluster lacks is asked for in the project, not beside the pod", async () => {
  await using project = await withWeb(["h1"]);
  await Deno.remove(project.path("_config/web"), { recursive: true });
  await project.write({ "_pods/web/pod.yaml": podYaml("2.0.0") });
  match(await project.fails("pod compile web"), /Try: make _config\/web\/conf, .*importconfig web/);
  await project.ok("cluster importconfig web");
  await project.ok("pod compile web");
});
