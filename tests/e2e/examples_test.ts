/** Each example does what it promises, on real rootless podman. */
import assert from "node:assert/strict";
import { join } from "node:path";
import $ from "dax";
import { eventually, run } from "../shell/pod_folder.ts";
import { ExampleFolder, EXAMPLES, page, serves } from "./example_folder.ts";
import { hasPodman, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

/** What the tests of clusters run. */
const ELSEWHERE = ["web-container", "web-program"];
/** Examples that need no podman. */
const NATIVE = ["deno_app"];
let nextPort = 18100;

/** A test per folder of examples. Each gets a port of its own. */
const PROMISES: Record<string, (port: number) => Promise<void>> = {
  async static_site(port) {
    await using pod = await ExampleFolder.copy("static_site", port);
    await pod.start();
    await serves(port, "<h1>It works</h1>");
    await pod.edit("config/site/index.html", "It works", "It changed");
    await serves(port, "<h1>It changed</h1>");
    assert.equal((await pod.container("web")).startCount, 1);
    await pod.must("stop");
    assert.equal(await page(port), undefined);
    await pod.must("rm");
    assert.equal(await $`podman ps -aq --filter name=static_site-1`.text(), "");
  },

  async app_with_database(port) {
    const visit = (count: number) => serves(port, `visit ${count}\n`, "cgi-bin/visit");
    await using pod = await ExampleFolder.copy("app_with_database", port);
    await pod.start();
    await visit(1);
    await pod.logged("app found the database");
    const log = await pod.log("database", "app");
    const listening = log.indexOf("database listening on port 5432");
    assert.ok(listening >= 0 && listening < log.indexOf("app found the database"), log.join("\n"));
    assert.equal((await pod.container("app")).startCount, 1, "it waited, and did not fail first");
    await pod.must("rerun");
    await visit(2);
    await pod.must("rm");
    await pod.edit("pod.yaml", "podVersion: 1.0.0", "podVersion: 1.1.0");
    await pod.compile();
    await pod.start();
    await visit(3); // a new version has the data of the old one
    await pod.must("rm");
    await pod.must("purge");
    assert.equal((await $`podman volume exists data-app_with_database`.noThrow()).code, 0);
    await pod.must("purge", "--shared");
    assert.equal((await $`podman volume exists data-app_with_database`.noThrow()).code, 1);
  },

  async dev_mode(port) {
    await using pod = await ExampleFolder.copy("dev_mode", port);
    await pod.start();
    await serves(port, "Hello from src");
    await pod.edit("src/index.html", "Hello", "Goodbye");
    await serves(port, "Goodbye from src");
    assert.equal((await pod.pod("shell", "--", "touch", "/site/x")).code, 1, "it can only read");
    await eventually("requests", async () => (await pod.log("web")).some((l) => /url:/.test(l)));
    await pod.must("rm");
    await pod.set({ devmode: "false" });
    await pod.start();
    await serves(port, "Hello from the build");
  },

  async config_signal(port) {
    await using pod = await ExampleFolder.copy("config_signal", port);
    await pod.start();
    await serves(port, "Good morning");
    const reads = async () =>
      (await pod.log("web")).filter((line) => line === "web settings read").length;
    await eventually("read once", async () => await reads() === 1);
    await eventually("first sight", async () => {
      const { code } = await run("test", ["-s", join(pod.dir, ".pod.run/configs")]);
      return code === 0;
    });
    await pod.edit("config/settings/greeting", "morning", "evening");
    await serves(port, "Good evening");
    const before = await reads();
    await pod.must("reload-configs", "settings");
    await eventually("read again", async () => await reads() > before);
    assert.equal((await pod.container("web")).startCount, 1);
  },

  async cron(port) {
    await using pod = await ExampleFolder.copy("cron", port, { seconds: "1", keep: "2" });
    const runs = async () => (await pod.log("backup")).filter((l) => /^backup wrote /.test(l));
    await pod.start();
    await eventually("four runs", async () => (await runs()).length >= 4);
    await pod.must("stop");
    const kept = await $`ls ${await volumePath("backups-cron")}`.lines();
    const wrote = (await runs()).map((line) => line.replace("backup wrote ", ""));
    assert.equal(new Set(wrote).size, wrote.length, "at least a second lies between two");
    assert.deepEqual(kept, wrote.slice(-2));
  },

  async sidecar(port) {
    await using pod = await ExampleFolder.copy("sidecar", port);
    await pod.start();
    await serves(port, "app_up 1\n", "cgi-bin/metrics");
    const sockets = await pod.must("shell", "--container=metrics", "--", "netstat", "-ltn");
    assert.match(sockets, /\s127\.0\.0\.1:8080\s/, "the app listens to nobody but its pod");
    await pod.edit("pod.yaml", '"127.0.0.1:8080"', '"127.0.0.1:8081"');
    await pod.must("rm");
    await pod.compile();
    await pod.start();
    await serves(port, "app_up 0\n", "cgi-bin/metrics");
  },

  async start_order(port) {
    await using pod = await ExampleFolder.copy("start_order", port);
    await pod.start();
    await serves(port, "schema 1\n");
    await pod.logged("web serving schema 1");
    await pod.logged("cache emptied");
    const log = await pod.log("cache", "migrate", "web");
    const at = (line: string) => log.indexOf(line);
    assert.ok(at("cache listening") < at("migrate migrated"), log.join("\n"));
    assert.ok(at("migrate migrated") < at("web serving schema 1"), log.join("\n"));
    assert.ok(at("migrate migrated") < at("cache emptied"), log.join("\n"));
    const migrate = await pod.container("migrate");
    assert.deepEqual([migrate.exitCode, migrate.startCount], [0, 1]);
  },

  async deno_app(port) {
    await using pod = await ExampleFolder.copy("deno_app", port, { probeInterval: "1" });
    const ready = async () => (await pod.pod("readiness")).code === 0;
    await pod.start();
    assert.equal(await page(port), "hello from deno_app 1.0.0\n");
    await Deno.writeTextFile(join(pod.dir, "maintenance"), "");
    await eventually("unready", async () => !(await ready()));
    assert.equal(await page(port), "hello from deno_app 1.0.0\n", "it goes on");
    await Deno.remove(join(pod.dir, "maintenance"));
    await eventually("ready", ready);
    await pod.must("stop");
    await pod.logged("deno_app all requests answered");
    assert.equal(await page(port), undefined);
  },

  async hardened(port) {
    await using pod = await ExampleFolder.copy("hardened", port);
    await pod.start();
    await serves(port, "served by 65534\n");
    const inside = (script: string) => pod.pod("shell", "--", "sh", "-c", script);
    for (const place of ["/x", "/etc/passwd", "/app/x"]) {
      assert.notEqual((await inside(`echo >>${place}`)).code, 0, place);
    }
    assert.equal((await inside("echo >/srv/x")).code, 0);
    assert.match((await inside("cat /proc/1/status")).out, /^CapEff:\s+0+$/m);
    // Whether limits hold is up to the host: with cgroups v1, podman leaves them out.
    const command = await inspect("web-hardened-1.0.0", '{{join .Config.CreateCommand " "}}');
    assert.match(command, / --cpus 0\.5 --memory 67108864b --pids-limit 50 /);
  },
};

for (const [name, promise] of Object.entries(PROMISES)) {
  const port = nextPort++;
  const ignore = !podman && !NATIVE.includes(name);
  Deno.test({ name: `example ${name}`, ignore, fn: () => promise(port) });
}

Deno.test("every example has a test", () => {
  const folders = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => name);
  assert.deepEqual(folders.sort(), [...Object.keys(PROMISES), ...ELSEWHERE].sort());
});

Deno.test("every example compiles as it is, without a warning", async () => {
  const folders = Object.keys(PROMISES).map((name) => join(EXAMPLES, name));
  const { code, out } = await run("podc", ["--check", "--json", ...folders]);
  assert.deepEqual([code, JSON.parse(out)], [0, []]);
});

/** Where podman keeps a volume of this user. */
function volumePath(name: string): Promise<string> {
  return $`podman volume inspect --format {{.Mountpoint}} ${name}`.text();
}
