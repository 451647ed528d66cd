/** Releases from clones, as runners of a pipeline make them: each is thrown away after its job. */
import { match, strictEqual } from "node:assert/strict";
import { FAST, LiveProject } from "./testing/live_project.ts";

Deno.test("with --push, a clone goes on with the release of a runner that died, and old and shallow clones are refused", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const origin = `${project.base}/origin.git`;
  await project.git("clone", "-q", "--bare", project.root, origin);
  await project.git("remote", "add", "origin", origin);
  await project.git("push", "-q", "-u", "origin", "HEAD");
  const clone = async (name: string) => {
    const dir = `${project.base}/${name}`;
    await project.git("clone", "-q", origin, dir);
    for (
      const [key, value] of [["user.name", name], ["user.email", `${name}@localhost`]] as const
    ) {
      await project.git("-C", dir, "config", key, value);
    }
    return dir;
  };
  const old = await clone("old");

  await live.version("1.1.0");
  await live.interrupted(`pod release web --push ${FAST}`, '"phase":"open","back"');
  const next = await clone("next");
  match(await project.ok(`pod release web:1.1.0 --push ${FAST}`, next), /^Go on with web:1\.1\.0/);
  strictEqual(await live.routed(), "h1 1.1.0, h2 1.1.0");
  const pushed = await project.git("--git-dir", origin, "rev-parse", "HEAD");
  strictEqual(pushed, await project.git("-C", next, "rev-parse", "HEAD"));

  const shallow = `${project.base}/shallow`;
  await project.git("clone", "-q", "--depth=1", `file://${origin}`, shallow);
  for (const command of ["cluster plan", "cluster sync --force", "pod rollback web"]) {
    match(
      (await project.run(command, shallow)).stderr,
      /a shallow clone.*\n.*git fetch --unshallow/,
    );
  }

  const before = await project.git("-C", old, "rev-parse", "HEAD");
  const { code, stderr } = await project.run(`pod rollback web:1.0.0 --push ${FAST}`, old);
  strictEqual(code, 1);
  match(stderr, /git pull/);
  strictEqual(await project.git("-C", old, "rev-parse", "HEAD"), before);
  strictEqual(await live.routed(), "h1 1.1.0, h2 1.1.0");
});
