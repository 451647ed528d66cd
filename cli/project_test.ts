import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { podYaml, TestProject } from "./testing/project.ts";

const read = (path: string) => Deno.readTextFile(path);
const actions = async (path: string) =>
  (await read(path)).trimEnd().split("\n").map((line) => {
    match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d+ tester \S/);
    return line.split(" ").slice(4).join(" ");
  });

Deno.test("a new project has the files, the commit and the log that the format asks for", async () => {
  await using project = await TestProject.create(["h1"]);
  match(await read(project.path("cluster-id.txt")), /^demo-\d+\n$/);
  strictEqual(await read(project.path("cluster-vars.env")), "");
  await project.write({ "_pods/web/pod.yaml": "", "h9/id_rsa": "", "h9/id_rsa.pub": "" });
  strictEqual(
    await project.git("status", "--porcelain", "-uall", "_pods", "h9"),
    "?? h9/id_rsa.pub\n",
    "sources and private keys stay out of git",
  );
  strictEqual(await read(project.path(".gitattributes")), "log.txt merge=union\n");
  strictEqual((await project.git("log", "--format=%s")).trim(), "Initial");
  deepStrictEqual(await actions(project.path("log.txt")), [
    "CREATED-CLUSTER-PROJECT",
    "CREATE_HOST h1",
  ]);
  strictEqual(await read(project.path("h1/host.state")), "active\n");
  strictEqual(
    await read(project.home("h1", "cluster-id.txt")),
    await read(project.path("cluster-id.txt")),
  );
});

Deno.test("each change of a pod stands in its log", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=x\n",
  });
  await project.ok("host attach web@h1");
  await project.commit();
  const id = (await project.git("rev-parse", "--short", "HEAD")).trim();
  for (
    const command of [
      "pod compile web",
      "pod updateconfig web",
      "pod state web -s removed",
      "pod delete web:1.0.0",
      "host detach web",
    ]
  ) await project.ok(command);
  const [retired] = [...Deno.readDirSync(project.path("h1/pods"))].map(({ name }) => name);
  match(retired!, /^\.web\.\d+$/);
  deepStrictEqual(await actions(project.path("h1/pods", retired!, "log.txt")), [
    "ATTACHED",
    `COMPILE_POD release:1.0.0 pod.yaml:<none> cluster-vars.env:${id} cfg:${id}`,
    `UPDATE_CONFIG release:1.0.0 cfg:${id}`,
    "SET_POD_RELEASE_STATE release:1.0.0=removed",
    "DELETE_RELEASE 1.0.0",
    "DETACHED",
  ]);
  match(await project.fails("host detach web"), /not attached/);
});

Deno.test("configs are imported over those in the project, and nothing else goes", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.write({ "_pods/web/pod.yaml": podYaml(), "_pods/web/config/conf/a": "1" });
  match(await project.fails("cluster importconfig web"), /not attached/);
  await project.ok("host attach web@h1");
  await project.write({ "_config/web/conf/a": "changed", "_config/web/conf/mine": "m" });
  await project.ok("cluster importconfig web");
  strictEqual(await read(project.path("_config/web/conf/a")), "1");
  strictEqual(await read(project.path("_config/web/conf/mine")), "m");
  ok((await actions(project.path("log.txt"))).includes("IMPORT_POD_CFG web:<none>"));
});

Deno.test("PODPATH and CLUSTERPATH lead elsewhere", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.write({ "../pods/web/pod.yaml": podYaml() });
  const env = (values: Record<string, string>) => {
    project.overrides = { env: (name) => ({ USER: "tester", ...values })[name] };
  };
  env({ PODPATH: `${project.base}/pods`, CLUSTERPATH: project.root });
  strictEqual((await project.run("host attach web@h1", "/")).code, 0);
  env({ PODPATH: `${project.base}/nothing` });
  match(await project.fails("pod ls"), /PODPATH=.*is no directory/);
  env({ CLUSTERPATH: project.base });
  match(await project.fails("pod ls"), /CLUSTERPATH=.*is no cluster project/);
});

Deno.test("a relative HOSTHOME is meant from the home directory of the host's user", async () => {
  await using project = await TestProject.create([]);
  const home = Deno.env.get("HOME");
  Deno.env.set("HOME", project.base);
  try {
    await project.ok("host register h1 -a local");
    await project.ok("host init h1");
  } finally {
    if (home === undefined) Deno.env.delete("HOME");
    else Deno.env.set("HOME", home);
  }
  match(await read(`${project.base}/h1/cluster-id.txt`), /^demo-/);
});

Deno.test("two versions of a pod live side by side, and go their own ways", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml("1.0.0"),
    "_config/web/conf/a": "1",
    "cluster-vars.env": "web_greeting=x\n",
  });
  await project.ok("host attach web@h1");
  await project.ok("pod compile web");
  await project.write({ "_pods/web/pod.yaml": podYaml("1.1.0"), "_config/web/conf/a": "2" });
  await project.ok("pod compile web");
  await project.ok("pod state web:1.0.0 -s removed");
  await project.commit();
  await project.ok("cluster sync");
  const release = (version: string) => project.home("h1", "pods/web/release", version);
  const delivered = [...Deno.readDirSync(project.home("h1", "pods/web/release"))];
  deepStrictEqual(delivered.map(({ name }) => name), ["1.1.0"], "a removed one is not delivered");
  strictEqual(await read(`${release("1.1.0")}/config/conf/a`), "2");
  strictEqual(await project.ok("pod ls web -s running -q"), "web:1.1.0@h1\n");
  deepStrictEqual(JSON.parse(await project.ok("pod ls --json")).length, 2);
  await project.ok("pod state web:1.0.0 -s running");
  await project.commit();
  await project.ok("cluster sync");
  strictEqual(await read(`${release("1.0.0")}/config/conf/a`), "1");
});

const refusedHosts: readonly [readonly string[], RegExp][] = [
  [["-d", "$HOME1"], /"h1" and "h2" have the same HOSTHOME/],
  [["-d", "$HOME1/../home-h1/"], /the same HOSTHOME/],
  [["-d", "$LINK"], /the same HOSTHOME/],
  [["-d", "$ROOT/homes/h2"], /HOSTHOME of "h2" lies in the project/],
  [["-d", "/srv/h2", "-r", "127.0.0.2:32767"], /the same ROUTERADDRESS: 127\.0\.0\.2:32767/],
  [["-d", "/srv/h2", "-r", "0.0.0.0:32767"], /is not address:port of the host/],
  [["-d", "/srv/h2\nHOST=evil"], /home has a control character/],
  [["-d", ""], /home is empty/],
  [["-e", "0"], /"0" in --expose is no port/],
];
for (const [options, why] of refusedHosts) {
  Deno.test(`host register refuses ${JSON.stringify(options)} and leaves nothing`, async () => {
    await using project = await TestProject.create(["h1"]);
    const link = `${project.base}/link`;
    await Deno.symlink(project.home("h1"), link);
    const words = options.map((word) =>
      word.replace("$HOME1", project.home("h1")).replace("$ROOT", project.root)
        .replace("$LINK", link)
    );
    match(await project.fails(["host", "register", "h2", "-a", "local", ...words]), why);
    ok(!await Deno.stat(project.path("h2")).then(() => true, () => false));
  });
}

Deno.test("host register refuses names that the project uses, cluster create a project inside one", async () => {
  await using project = await TestProject.create([]);
  match(await project.fails("host register _config -a local"), /Cannot register a host named/);
  match(await project.fails("cluster create inner"), /inside the cluster project/);
  ok(!await Deno.stat(project.path("inner")).then(() => true, () => false));
});

Deno.test("who names a pod that is not attached is told of those that are", async () => {
  await using project = await TestProject.create(["h1"]);
  match(await project.fails("pod ls-typo web", 2), /Try: sns pod --help/);
  match(await project.fails("pod compile web"), /Try: sns host attach web@<host>/);
  await project.ok("host attach proxy@h1");
  match(await project.fails("host detach prxy"), /Try: one of proxy, or attach it with/);
});

Deno.test("a file that can't be read is told with what was to be done", async () => {
  await using project = await TestProject.create(["h1"]);
  await Deno.mkdir(project.path("h2/host.env"), { recursive: true });
  match(await project.fails("host ls"), /Cannot read .*h2\/host\.env: .*directory/);
});
