/** A project with one pod, a program, that real daemons run on two local hosts; who is routed is read from files. */
import { match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Daemons } from "./daemon.ts";
import { podYaml, TestProject } from "./project.ts";
import { until } from "./until.ts";

const HOSTS = ["h1", "h2"];
/** Options of a release that waits for nothing it need not wait for. */
export const FAST = "--settle 0 --drain 5";

export class LiveProject implements AsyncDisposable {
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
