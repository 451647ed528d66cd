/** Commands on hosts behind a real sshd. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { podYaml, TestProject } from "./testing/project.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";

const ssh = (name: string, test: () => Promise<void>) =>
  Deno.test({ name, ignore: !hasSshd, fn: test });

async function register(project: TestProject, name: string, sshd: Sshd, ...more: string[]) {
  await project.ok([
    ...["host", "register", name, "-a", `${sshd.address}:${sshd.port}`, "-u", sshd.user],
    ...["-k", sshd.key, ...more],
  ]);
}

ssh("a host over SSH from register to sync, and again", async () => {
  await using sshd = await Sshd.start();
  await using project = await TestProject.create([]);
  await register(project, "far", sshd);
  match(
    await project.fails("host init far"),
    /host key of "far" .*not known yet.*SHA256:[\s\S]*sns host trust far/,
  );
  await project.ok("host trust far --yes");
  await project.ok("host init far");
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a name\nwith newline": "x",
    "cluster-vars.env": "web_greeting=it's $5 & more\\n\n",
  });
  await project.ok("host attach web@far");
  await project.ok("pod compile web");
  await project.commit();
  strictEqual((await project.run("cluster plan")).code, 2);
  await project.ok("cluster sync");
  const release = join(sshd.home, "far/pods/web/release/1.0.0");
  strictEqual(await Deno.readTextFile(`${release}/pod.state`), "running\n");
  strictEqual(await Deno.readTextFile(`${release}/config/conf/a name\nwith newline`), "x");
  match((await project.run("cluster sync")).stderr, /Nothing to do/);
  strictEqual((await project.run("cluster plan")).code, 0);
  ok(!(await project.git("status", "--porcelain")).includes("known_hosts"));
});
