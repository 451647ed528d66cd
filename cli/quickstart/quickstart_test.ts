import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { compilePod, quote } from "../../podc/mod.ts";
import { freshAddress } from "../../tests/loopback/mod.ts";
import { chooseServer, findObstacles, parseFacts } from "./check.ts";
import { examplePod, type Server } from "./example.ts";
import { findPrograms } from "./programs.ts";
import { afterwards, daemonStep, environmentOf, type QuickCluster, stepsOf } from "./steps.ts";

const servers: readonly Server[] = [
  { kind: "container", image: "localhost/web:1" },
  { kind: "program", program: "busybox" },
  { kind: "program", program: "python3" },
];

for (const server of servers) {
  Deno.test(`the example compiles without a warning: ${JSON.stringify(server)}`, () => {
    const { diagnostics, artifacts } = compilePod({
      source: examplePod(server, "127.0.0.2"),
      file: "pod.yaml",
      podName: "hello",
      variables: new Map([["HOSTPORTAUTO1", "29000"], ["CLUSTERPORTAUTO1", "61000"]]),
      baseDir: "/",
      configs: new Set(["site"]),
    });
    deepStrictEqual(diagnostics, []);
    ok(artifacts?.portMappings.startsWith("61000:"), artifacts?.portMappings);
  });
}

const cluster: QuickCluster = {
  dir: "/home/me/it $here",
  name: "demo",
  address: "127.0.0.9",
  server: servers[0]!,
  pull: true,
};

Deno.test("steps quote what has to be quoted, and nothing is asked for that is there", () => {
  const text = (of: QuickCluster) => stepsOf(of).map((step) => step.text).join("\n");
  ok(
    text(cluster).includes(
      `--dir-home=${quote(`${cluster.dir}/demo-h1`)} --router-address=127.0.0.9:32767`,
    ),
  );
  match(text(cluster), /^podman pull -q localhost\/web:1$/m);
  ok(!text({ ...cluster, pull: false }).includes("podman pull"));
  ok(!text({ ...cluster, server: servers[1]! }).includes("podman"));
  deepStrictEqual(environmentOf(cluster), []);
  const linked = { ...cluster, programs: "/p q", portable: "/simplenetes", committer: "me" };
  ok(text(linked).includes(`  ln -s /simplenetes ${quote("/p q/simplenetesd")}`));
  strictEqual(environmentOf(linked)[0], `export PATH=${quote("/p q")}:"$PATH"`);
  match(environmentOf(linked).join("\n"), /GIT_AUTHOR_EMAIL=me@localhost/);
});

Deno.test("what to do next names the daemon and the same directory", () => {
  const text = afterwards(cluster, 4711);
  match(text, /^ {2}kill 4711$/m);
  ok(text.includes(`  rm -rf ${quote(cluster.dir)}\n`));
  ok(text.includes(daemonStep(cluster).text));
});

Deno.test("what podman says decides", () => {
  const facts = (text: string) => parseFacts(text);
  const mend = (text: string, image: string | undefined) => {
    const chosen = chooseServer(facts(text), image);
    return "kind" in chosen ? chosen.kind : chosen.what;
  };
  strictEqual(mend("version 4.3.1\n", "i"), "container");
  strictEqual(mend("version 5.0.0-rc1\n", "i"), "container");
  strictEqual(mend("version 4.2.9\n", "i"), "podman 4.2.9 is too old");
  strictEqual(mend("", "i"), "podman is not installed");
  strictEqual(mend("broken no subuids\n", "i"), "podman does not work for this user: no subuids");
  strictEqual(mend("serves python3\n", undefined), "program");
  match(mend("", undefined), /no program/);
  strictEqual(facts("has-image yes\n").hasImage, true);
});

Deno.test("each obstacle is named with what mends it", async () => {
  const base = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(base, "cluster-id.txt"), "x-1\n");
    const address = freshAddress();
    const facts = parseFacts("has git\nhas setsid\n");
    const place = { dir: join(base, "new"), address, uid: 1000, clusterPath: undefined };
    const whats = async (change: Partial<typeof place>, seen = facts) =>
      (await findObstacles({ ...place, ...change }, seen)).map(({ what }) => what);
    deepStrictEqual(await whats({}), [`${join(base, "new")} lies in the project ${base}`]);
    const dir = await Deno.makeTempDir();
    deepStrictEqual(await whats({ dir }), []);
    match((await whats({ dir, uid: 0 })).join(), /root/);
    deepStrictEqual(await whats({ dir }, parseFacts("")), [
      "git is not installed",
      "setsid is not installed",
    ]);
    {
      using _taken = Deno.listen({ hostname: address, port: 61000 });
      deepStrictEqual(await whats({ dir }), [`${address}:61000 is taken`]);
    }
    await Deno.writeTextFile(join(dir, ".hidden"), "");
    deepStrictEqual(await whats({ dir }), [`${dir} is not empty`]);
    deepStrictEqual(await whats({ dir: join(dir, ".hidden") }), [
      `${join(dir, ".hidden")} is no directory`,
    ]);
    await Deno.remove(dir, { recursive: true });
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});

Deno.test("the programs are found where this one came from", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["sns", "simplenetesd", "simplenetes-proxy", "portable"]) {
      await Deno.writeTextFile(join(dir, name), "");
    }
    const find = (
      env: Record<string, string>,
      main = "file:///apps/sns.js",
      executable = "/deno-1",
    ) => findPrograms({ env: (name) => env[name], main, executable }, "/links");
    deepStrictEqual(await find({}), undefined);
    deepStrictEqual(await find({ PATH: `/bin:${dir}` }), {});
    deepStrictEqual(await find({ SIMPLENETES_BIN: dir }), { dir });
    deepStrictEqual(await find({ SIMPLENETES_BIN: dir, PATH: dir }), {});
    const portable = join(dir, "portable");
    deepStrictEqual(await find({ SIMPLENETES_PORTABLE: portable, PATH: dir }), {
      dir: "/links",
      portable: await Deno.realPath(portable),
    });
    const sources = new URL("../main.ts", import.meta.url);
    deepStrictEqual(await find({}, sources.href), {
      dir: new URL("../../scripts/bin", import.meta.url).pathname,
    });
    deepStrictEqual(await find({}, "file:///x/main.ts", join(dir, "sns")), { dir });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
