/** Releases with real daemons and pods that are programs; who is routed is read from portmappings.conf. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Daemons } from "./testing/daemon.ts";
import { podYaml, TestProject } from "./testing/project.ts";
import { until } from "./testing/until.ts";

const HOSTS = ["h1", "h2"];
const FAST = "--settle 0 --drain 5";

class LiveProject implements AsyncDisposable {
  private constructor(readonly project: TestProject, readonly daemons: Daemons) {}

  static async create(): Promise<LiveProject> {
    const project = await TestProject.create(HOSTS);
    const live = new LiveProject(project, new Daemons());
    await project.git("config", "user.name", "t");
    await project.git("config", "user.email", "t@localhost");
    await project.write({
      "_pods/web/config/conf/a": "1",
      "cluster-vars.env": "web_greeting=hi\n",
    });
    await live.version("1.0.0");
    for (const host of HOSTS) await project.ok(`host attach web@${host}`);
    await project.ok("pod compile web");
    await project.commit();
    await project.ok("cluster sync");
    await project.commit();
    for (const host of HOSTS) live.daemons.start(project.home(host));
    await until("the first version runs", async () => await live.routed() === "h1 1.0.0, h2 1.0.0");
    return live;
  }

  /** The source of the pod is that of another version; `never` never becomes ready. */
  async version(version: string, kind: "good" | "never" = "good"): Promise<void> {
    const probe = kind === "good"
      ? ""
      : "  readinessProbe:\n    cmd: [sh, -c, 'exit 1']\n    interval: 1\n";
    const port = podYaml(version).replace("${CLUSTERPORTAUTO1}", "61000");
    await this.project.write({ "_pods/web/pod.yaml": port + probe });
  }

  /** Which version has the traffic of each host. */
  async routed(): Promise<string> {
    const lines: string[] = [];
    for (const host of HOSTS) {
      const text = await Deno.readTextFile(this.project.home(host, "portmappings.conf")).catch(() =>
        ""
      );
      const ports = text.split("\n").filter(Boolean).map((line) => line.split(":")[1]);
      const parent = this.project.home(host, "pods/web/release");
      for (
        const { name } of [...Deno.readDirSync(parent)].sort((a, b) => a.name < b.name ? -1 : 1)
      ) {
        const own = await Deno.readTextFile(
          this.project.path(host, "pods/web/release", name, ".ports"),
        ).catch(() => "");
        if (
          ports.some((port) => own.includes(`=${port}\n`)) && await this.#isLive(join(parent, name))
        ) {
          lines.push(`${host} ${name}`);
        }
      }
    }
    return lines.join(", ");
  }

  async #isLive(dir: string): Promise<boolean> {
    const file = join(dir, "pod.portmappings.conf");
    return await Deno.stat(file).then(() => true, () => false);
  }

  async tree(): Promise<string> {
    const text = await this.project.git("ls-tree", "-r", "HEAD");
    return text.split("\n").filter((line) => !/log\.txt$|\t_synclogs\//.test(line)).join("\n");
  }

  /** Runs `sns` and aborts it, as an interrupt does, when its output has `text`. */
  async interrupted(command: string, text: string): Promise<void> {
    const controller = new AbortController();
    this.project.overrides = {
      signal: controller.signal,
      stdout: (output) => output.includes(text) && controller.abort(),
    };
    const { code, stderr } = await this.project.run(`${command} --json`);
    this.project.overrides = {};
    strictEqual(code, 1, stderr);
    match(stderr, /was interrupted/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemons[Symbol.asyncDispose]();
    await this.project[Symbol.asyncDispose]();
  }
}

Deno.test("soft, hard and safe releases, and rollbacks, on real daemons", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const now = async (version: string) => {
    strictEqual(await live.routed(), `h1 ${version}, h2 ${version}`);
    strictEqual(await project.git("status", "--porcelain"), "", "all is committed, logs too");
  };

  await live.version("1.1.0");
  match(await project.ok(`pod release web ${FAST}`), /^Release web:1\.1\.0/);
  await now("1.1.0");
  match(await project.fails("pod release web"), /Nothing to do: web:1\.1\.0 is released already/);
  await live.version("1.2.0");
  await project.ok(`pod release web --mode safe ${FAST}`);
  await now("1.2.0");
  await live.version("1.3.0");
  await project.ok(`pod release web --mode hard ${FAST}`);
  await now("1.3.0");
  const done = (await project.git("rev-parse", "HEAD")).trim();

  await project.ok(`pod rollback web --mode soft ${FAST}`);
  await now("1.2.0");
  await project.ok(`pod rollback web:1.0.0 ${FAST}`);
  await now("1.0.0");
  // Gone from the project and from the hosts: it comes back from the history.
  await project.ok("pod delete web:1.3.0");
  await project.commit();
  await project.ok("cluster sync");
  await project.commit();
  await project.ok("host prune --yes");
  await project.ok(`pod rollback web:1.3.0 ${FAST}`);
  await now("1.3.0");

  await project.ok(`cluster rollback ${done} --yes ${FAST}`);
  await now("1.3.0");
  const files = (await project.git("diff", "--name-only", done, "HEAD")).trim().split("\n");
  deepStrictEqual(files.filter((path) => !/log\.txt$|^_synclogs\//.test(path)), []);
});

Deno.test("interrupted in each phase, a release goes on, or back when it is told so", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  let version = 0;
  for (const phase of ["open", "retire"]) {
    await live.version(`2.${++version}.0`);
    await live.interrupted(`pod release web ${FAST}`, `"phase":"${phase}","back"`);
    match(await project.ok(`pod release web ${FAST}`), /^Go on with web:2/);
    strictEqual(await live.routed(), `h1 2.${version}.0, h2 2.${version}.0`);
  }
  for (const phase of ["deliver", "close"]) {
    const before = await live.tree();
    await live.version(`2.${++version}.0`);
    await live.interrupted(`pod release web ${FAST}`, `"phase":"${phase}","back"`);
    match(await project.fails(`pod rollback web ${FAST}`), /all is as before/);
    strictEqual(await live.tree(), before, phase);
    strictEqual(await live.routed(), "h1 2.2.0, h2 2.2.0", phase);
  }
});

Deno.test("a version that is never ready is taken back, and a host without a daemon stops a release", async () => {
  await using live = await LiveProject.create();
  const { project } = live;
  const before = await live.tree();
  await live.version("3.0.0", "never");
  match(
    await project.fails(`pod release web --timeout 4 ${FAST}`),
    /web:3\.0\.0@h1, web:3\.0\.0@h2 did not become ready within 4 s/,
  );
  strictEqual(await live.tree(), before);
  strictEqual(await live.routed(), "h1 1.0.0, h2 1.0.0");

  await live.version("3.1.0");
  await live.daemons.stop(project.home("h2"), "SIGKILL");
  match(
    await project.fails(`pod release web --timeout 5 ${FAST}`),
    /web:3\.1\.0@h2 did not become ready within 5 s/,
  );
  strictEqual(await live.tree(), before);
  strictEqual(await live.routed(), "h1 1.0.0, h2 1.0.0");
});
