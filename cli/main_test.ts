import { match, ok, strictEqual } from "node:assert/strict";
import { podYaml, TestProject } from "./testing/project.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

function program(args: readonly string[], cwd: string, path = Deno.env.get("PATH") ?? "") {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    cwd,
    env: { PATH: path, USER: "tester", CLUSTERPATH: "", PODPATH: "" },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await program(args, cwd).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("the program: data on stdout, messages on stderr, exit codes", async () => {
  await using project = await TestProject.create(["h1"]);
  const listed = await run(["host", "ls", "-s"], project.root);
  strictEqual(listed.stdout, "h1 active\n");
  strictEqual(listed.stderr, "");
  const failed = await run(["host", "state", "h2"], project.path("h1"));
  strictEqual(failed.code, 1);
  strictEqual(failed.stdout, "");
  match(failed.stderr, /^\[ERROR\] No host "h2".*\n\[INFO\] {2}Try: /);
  strictEqual((await run(["hots"], project.root)).code, 2);
  strictEqual((await run(["--version"], "/")).code, 0);
});

Deno.test("the program: an interrupt ends a sync cleanly", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml().replace(/volumes:\n.*\n.*\n/, ""),
    "cluster-vars.env": "web_greeting=hi\n",
    // Makes unpacking last until it is interrupted: the host's tar is this one.
    "../bin/tar":
      '#!/bin/sh\ncase $1 in -x*) : >"$HOLD"; sleep 60 ;; esac\nexec /usr/bin/env -i PATH=/usr/bin:/bin tar "$@"\n',
  });
  await Deno.chmod(project.path("../bin/tar"), 0o755);
  await project.ok("host attach web@h1");
  await project.ok("pod compile web");
  await project.commit();
  const hold = `${project.base}/hold`;
  Deno.env.set("HOLD", hold);
  try {
    const path = `${project.base}/bin:${Deno.env.get("PATH")}`;
    const child = program(["cluster", "sync"], project.root, path).spawn();
    const output = child.output();
    await waitFor(() => Deno.stat(hold).then(() => true, () => false));
    child.kill("SIGINT");
    const { code, stderr } = await output;
    const said = new TextDecoder().decode(stderr);
    strictEqual(code, 130, said);
    match(said, /Interrupted/);
  } finally {
    Deno.env.delete("HOLD");
  }
  const left = [...Deno.readDirSync(project.home("h1"))].map(({ name }) => name);
  ok(!left.includes("lock-token.txt"), left.join());
  await project.ok("cluster sync");
  strictEqual((await project.run("cluster plan")).code, 0);
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("waited 30 seconds in vain");
}
