import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";

const read = (path: string) => Deno.readTextFile(path);

const VALUES = { "cluster-vars.env": "web_greeting=hello\n" };

async function withPods(hosts: readonly string[], pods: Readonly<Record<string, string>>) {
  const project = await TestProject.create(hosts);
  const sources = Object.entries(pods).map(([pod, text]) => [`_pods/${pod}/pod.yaml`, text]);
  await project.write({ ...Object.fromEntries(sources), ...VALUES });
  for (const pod of Object.keys(pods)) {
    await project.write({ [`_config/${pod}/conf/x`]: "x" });
    for (const host of hosts) await project.ok(`host attach ${pod}@${host}`);
  }
  return project;
}

const fixedPort = (port: number) =>
  podYaml().replace("${HOSTPORTAUTO1}", String(port)).replace(/echo .*; done/, "echo; done");

const udpPort = (port: number) =>
  fixedPort(port).replace("clusterPort: ${CLUSTERPORTAUTO1}", "protocol: udp");

Deno.test("a release has everything that the reference asks for", async () => {
  await using project = await withPods(["h1"], { web: podYaml() });
  await project.write({ "_config/web/_tpl/x": "template", "_config/web/loose": "file" });
  strictEqual(await project.ok("pod compile web -v"), "1.0.0\n");
  const dir = project.path("h1/pods/web/release/1.0.0");
  const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  deepStrictEqual(names, [
    ".pod.yaml",
    ".ports",
    "config",
    "pod",
    "pod.portmappings.conf",
    "pod.state",
  ]);
  const configs = [...Deno.readDirSync(`${dir}/config`)].map(({ name }) => name).sort();
  deepStrictEqual(configs, ["conf", "conf.txt"]);
  match(await read(`${dir}/config/conf.txt`), /^[0-9a-f]{64}\n$/);
  match(await read(`${dir}/.pod.yaml`), /echo hello; done[\s\S]*hostPort: 30000/);
  strictEqual(await read(`${dir}/pod.state`), "running\n");
  strictEqual((await Deno.stat(`${dir}/pod`)).mode! & 0o777, 0o755);
  match(
    await read(project.path("h1/pods/web/log.txt")),
    / tester COMPILE_POD release:1\.0\.0 pod\.yaml:<none> cluster-vars\.env:\S* cfg:\S*\n$/,
  );
  const again = await project.run("pod compile web -v");
  strictEqual(again.code, 0);
  strictEqual(again.stdout, "");
  match(again.stderr, /compiled already[\s\S]*Nothing to do/);
});

Deno.test("an undefined variable is named with its place, the key to add and the file", async () => {
  await using project = await withPods(["h1", "h2"], { web: podYaml() });
  await project.write({ "cluster-vars.env": "greeting=wrong key\n" });
  const said = await project.fails("pod compile web");
  match(said, /pod\.yaml:8:\d+: error: .*greeting/);
  match(said, /cluster-vars\.env: web_greeting=/);
  ok(!await exists(project.path("h1/pods/web/release")));
});

Deno.test("DEVMODE may be undefined, and directives may ask for any variable", async () => {
  const directives =
    "#ifdef ${DEVMODE}\nnonsense: [\n#endif\n#ifdef ${extra}\nnonsense: [\n#endif\n";
  await using project = await withPods(["h1"], { web: podYaml() + directives });
  await project.ok("pod compile web");
});

Deno.test("values arrive as they are written", async () => {
  await using project = await withPods(["h1"], { web: podYaml() });
  const value = "a/b&c \\1 ${B} 'x'";
  await project.write({ "cluster-vars.env": `web_greeting=${value}\n` });
  const command = "command:\n    - sh\n    - -c\n    - ${greeting}";
  await project.write({ "_pods/web/pod.yaml": podYaml().replace(/command: .*/, () => command) });
  await project.ok("pod compile web");
  ok((await read(project.path("h1/pods/web/release/1.0.0/.pod.yaml"))).includes(value));
});

Deno.test("hosts compiled one by one share the cluster port, each has its own host port", async () => {
  await using project = await withPods(["h1", "h2"], { web: podYaml(), api: podYaml() });
  await project.write({ "cluster-vars.env": "web_greeting=a\napi_greeting=b\n" });
  await project.ok("pod compile web@h1");
  await project.ok("pod compile api@h2");
  await project.ok("pod compile web@h2");
  const mappings = (host: string, pod: string) =>
    read(project.path(`${host}/pods/${pod}/release/1.0.0/pod.portmappings.conf`));
  strictEqual(await mappings("h1", "web"), "61000:30000:4096:false\n");
  strictEqual(await mappings("h2", "api"), "61001:30000:4096:false\n");
  strictEqual(await mappings("h2", "web"), "61000:30001:4096:false\n");
});

Deno.test("a port that stands in pod.yaml is not handed out beside it", async () => {
  const more = "    - hostPort: 30000\n      clusterPort: 61000\n";
  await using project = await withPods(["h1"], { web: podYaml() + more });
  await project.ok("pod compile web");
  strictEqual(
    await read(project.path("h1/pods/web/release/1.0.0/pod.portmappings.conf")),
    "61001:30001:4096:false\n61000:30000:4096:false\n",
  );
});

Deno.test("clashing ports of two pods are found at compile, removed releases don't count", async () => {
  await using project = await withPods(["h1", "h2"], {
    web: fixedPort(8080),
    api: fixedPort(8080),
  });
  await project.ok("pod compile web@h2");
  const said = await project.fails("pod compile api");
  match(said, /host port 8080 is used by web:1\.0\.0@h2 and by api:1\.0\.0@h2/);
  ok(!await exists(project.path("h1/pods/api/release/1.0.0")), "no host gets a release");
  await project.ok("pod state web:1.0.0@h2 -s removed");
  await project.ok("pod compile api");
  // Set to running again by hand, sync finds the clash before any host is contacted.
  await project.ok("pod state web:1.0.0 -s running");
  await project.commit();
  match(await project.fails("cluster sync"), /ports clash\n.*8080/);
});

Deno.test("the same host port by TCP and by UDP is no clash", async () => {
  await using project = await withPods(["h1"], {
    dns: udpPort(5300),
    web: fixedPort(5300),
    log: udpPort(5300),
  });
  await project.ok("pod compile dns");
  await project.ok("pod compile web");
  match(
    await project.fails("pod compile log"),
    /host port 5300\/udp is used by dns:1\.0\.0@h1 and by log:1\.0\.0@h1/,
  );
});

Deno.test("when a release can't be written, those of the other hosts go away again", async () => {
  await using project = await withPods(["h1", "h2"], { web: podYaml() });
  await Deno.symlink("/nowhere/at/all", project.path("h2/pods/web/release"));
  await project.fails("pod compile web");
  deepStrictEqual([...Deno.readDirSync(project.path("h1/pods/web/release"))], []);
});

Deno.test("latest is the highest version that is not removed", async () => {
  await using project = await withPods(["h1"], { web: podYaml("1.2.0-rc.1") });
  await project.ok("pod compile web");
  strictEqual(await project.ok("pod state web"), "web:1.2.0-rc.1@h1 running\n");
  for (const version of ["1.9.0", "1.10.0", "2.0.0-beta"]) {
    await project.write({ "_pods/web/pod.yaml": podYaml(version) });
    await project.ok("pod compile web");
  }
  strictEqual(await project.ok("pod state web"), "web:1.10.0@h1 running\n");
  await project.ok("pod state web -s removed");
  strictEqual(await project.ok("pod ls web:latest -q"), "web:1.9.0@h1\n");
  match(await project.fails("pod delete web:1.9.0"), /it is not deleted/);
  await project.ok("pod delete web:1.10.0");
  match(await project.fails("pod state web:1.10.0"), /no release web:1\.10\.0[\s\S]*1\.9\.0/);
  const names = [...Deno.readDirSync(project.path("h1/pods/web/release"))].map(({ name }) => name);
  ok(names.some((name) => /^\.1\.10\.0\.\d+$/.test(name)), names.join());
});

Deno.test("the official proxy is attached by name, with its configs, and PODPATH wins over it", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  match((await project.run("host attach proxy@h1")).stderr, /official pod, version \d+\.\d+\.\d+/);
  match(await read(project.path("_config/proxy/conf/proxy.conf")), /HOSTSCONF/);
  await project.ok("pod compile proxy");
  match(await read(project.path("h1/pods/proxy/log.txt")), /pod\.yaml:official-/);
  await project.write({ "_pods/proxy/pod.yaml": fixedPort(8080) });
  const { stderr } = await project.run("host attach proxy@h2");
  ok(!stderr.includes("official"), stderr);
});

Deno.test("a pod is cloned from its link, and its commits are recorded", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  const origin = `${project.base}/origin`;
  const git = (...args: string[]) =>
    new Deno.Command("git", {
      args: ["-C", origin, "-c", "user.name=t", "-c", "user.email=t@t", ...args],
    })
      .output();
  await Deno.mkdir(origin);
  await Deno.writeTextFile(`${origin}/pod.yaml`, fixedPort(8080).replace(/volumes:\n.*\n.*\n/, ""));
  for (const args of [["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v1"]]) {
    await git(...args);
  }
  match(await project.fails("host attach web@h1"), /No source of the pod "web"[\s\S]*-l <url>/);
  await project.ok(["host", "attach", "web@h1", "-l", origin]);
  strictEqual(await read(project.path("h1/pods/web/git.url")), `${origin}\n`);
  match(
    await project.fails(["host", "attach", "web@h2", "-l", "https://else.where/web"]),
    /git remote/,
  );
  await Deno.remove(project.path("_pods/web"), { recursive: true });
  await project.ok("pod compile web");
  match(await read(project.path("h1/pods/web/log.txt")), /pod\.yaml:v1 /);
});

Deno.test("broken pod.yaml: all findings at once, and no release", async () => {
  await using project = await withPods(["h1"], {
    web: podYaml().replace("restart: always", "restart: sometimes\n  comand: x"),
  });
  const said = await project.fails("pod compile web");
  match(said, /sometimes/);
  match(said, /comand/);
  ok(!await exists(project.path("h1/pods/web/release")));
});

Deno.test("hosts are listed with their state and pods", async () => {
  await using project = await withPods(["h1", "h2"], { web: podYaml() });
  await project.ok("host state h2 -s disabled");
  strictEqual(await project.ok("host ls"), "h1\n");
  strictEqual(await project.ok("host ls -a -s"), "h1 active\nh2 disabled\n");
  strictEqual(await project.ok("host ls -p nothing"), "");
  const json = JSON.parse(await project.ok("host ls --json"));
  deepStrictEqual(json[0].pods, ["web"]);
  match(await project.fails("host attach web@h9"), /No host "h9"[\s\S]*h1, h2/);
  match(await project.fails("host register h1 -a local"), /exists/);
  match(await project.fails("host register h3 -a local -r 10.0.0.1"), /not address:port/);
  match(await project.fails("host state h2 -s sleepy", 2), /active.*inactive.*disabled/);
});

Deno.test("outside a project it says so", async () => {
  await using project = await TestProject.create([]);
  const { code, stderr } = await project.run("pod ls", project.base);
  strictEqual(code, 1);
  match(stderr, /No cluster project at .*[\s\S]*sns cluster create/);
  match((await project.run("cluster create demo", project.base)).stderr, /demo exists/);
  match((await project.run("cluster create pods", project.base)).stderr, /taken/);
});

Deno.test("a release whose values have changed stays as it is, and compile says how to get another", async () => {
  await using project = await withPods(["h1", "h2"], { web: podYaml() });
  await project.ok("pod compile web");
  const file = project.path("h1/pods/web/release/1.0.0/.pod.yaml");
  const before = await read(file);
  ok(!(await project.run("pod compile web")).stderr.includes("[WARN]"));
  await project.write({ "cluster-vars.env": "web_greeting=hello again\n" });
  const { code, stderr } = await project.run("pod compile web");
  strictEqual(code, 0);
  match(
    stderr,
    /web:1\.0\.0@h2 stays as it is, though .*raise podVersion in pod\.yaml, to 1\.0\.1/,
  );
  strictEqual(await read(file), before);
});

Deno.test("an official pod gets another version by cluster-vars.env", async () => {
  await using project = await TestProject.create(["h1"]);
  await project.ok("host attach letsencrypt@h1");
  await project.ok("pod compile letsencrypt");
  const { "podVersion": official = "" } = Object.fromEntries(
    (await read(project.path("h1/pods/letsencrypt/release/0.1.0/.pod.yaml"))).split("\n")
      .map((line) => line.split(": ")),
  );
  strictEqual(official, "0.1.0");
  const set = (text: string) => project.write({ "cluster-vars.env": text });
  await set("letsencrypt_email=me@example.com\n");
  match(
    (await project.run("pod compile letsencrypt")).stderr,
    /\[WARN\].*add letsencrypt_podVersion=0\.1\.1 to cluster-vars\.env/,
  );
  await set("letsencrypt_email=me@example.com\nletsencrypt_podVersion=0.1.1\n");
  strictEqual(await project.ok("pod compile letsencrypt -v"), "0.1.1\n");
  match(
    await read(project.path("h1/pods/letsencrypt/release/0.1.1/.pod.yaml")),
    /podVersion: 0\.1\.1[\s\S]*me@example\.com/,
  );
  match((await project.run("pod compile letsencrypt")).stderr, /Nothing to do/);
  await set("letsencrypt_podVersion=0.1.0\n");
  match(await project.fails("pod compile letsencrypt"), /has 0\.1\.0 itself[\s\S]*raise it/);
  await set("letsencrypt_podVersion=new\n");
  match(await project.fails("pod compile letsencrypt"), /no version/);
});
