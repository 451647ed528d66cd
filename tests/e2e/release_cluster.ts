/** A cluster of three local hosts for releases: a web pod whose versions answer with their names. */
import { join } from "node:path";
import { eventually } from "../shell/pod_folder.ts";
import { LocalCluster, type WebKind } from "./local_cluster.ts";

/** Where the hosts of the release tests are. */
export const RELEASE_HOSTS = { h1: "127.0.71.1", h2: "127.0.71.2", h3: "127.0.71.3" } as const;

/** The cluster port of all versions. */
export const PORT = 61000;

/** What a version does: serve, never become ready, or end some seconds after it was. */
export type Behaviour = "good" | "never" | "dies";

const PROGRAM = `api: 1.0.0
podVersion: VERSION
runtime: executable
volumes:
  - name: site
    type: config
executable:
  command: [deno, run, --no-prompt, --allow-net, --allow-env, --allow-read, config/site/server.ts, "\${HOSTPORTAUTO1}", VERSION, BEHAVIOUR]
  restart: always
  readinessProbe:
    cmd: [sh, -c, "test BEHAVIOUR != never"]
    interval: 1
  expose:
    - hostPort: \${HOSTPORTAUTO1}
      clusterPort: ${PORT}
`;

const SERVER = `// Answers with its version. Arguments: port, version, behaviour.
const [port, version, behaviour] = Deno.args;
const settings = JSON.parse(await Deno.readTextFile("config/site/settings.json"));
const hostname = Deno.env.get("POD_HOST_INTERFACE") || "127.0.0.1";
const server = Deno.serve(
  { hostname, port: Number(port) },
  () => new Response(\`\${version} on \${hostname}, \${settings.greeting}\\n\`),
);
Deno.addSignalListener("SIGTERM", () => server.shutdown());
if (behaviour === "dies") setTimeout(() => Deno.exit(1), 1000);
`;

export class ReleaseCluster implements AsyncDisposable {
  private constructor(readonly local: LocalCluster) {}

  /** With version 1.0.0 running on all hosts. */
  static async create(kind: WebKind = "program"): Promise<ReleaseCluster> {
    const local = await LocalCluster.create(kind, {
      hosts: RELEASE_HOSTS,
      prepare: async (source) => {
        if (kind === "program") {
          await Deno.writeTextFile(join(source, "config/site/server.ts"), SERVER);
          await Deno.writeTextFile(
            join(source, "config/site/settings.json"),
            '{"greeting": "hello"}\n',
          );
          await Deno.writeTextFile(join(source, "pod.yaml"), podYaml("1.0.0"));
        } else {
          const path = join(source, "pod.yaml");
          const text = await Deno.readTextFile(path);
          await Deno.writeTextFile(path, text.replace("${CLUSTERPORTAUTO1}", String(PORT)));
        }
      },
    });
    const cluster = new ReleaseCluster(local);
    await local.sns("cluster", "sync");
    for (const host of Object.keys(RELEASE_HOSTS)) local.startDaemon(host);
    await eventually(
      "all replicas are ready",
      async () => await cluster.ready("web") === "3/3",
      90_000,
    )
      .catch(async (error) => {
        throw new Error(`${error}\n${await local.report()}`);
      });
    await eventually("all proxies serve", async () => {
      const answers = await Promise.all(Object.keys(RELEASE_HOSTS).map((host) => local.ask(host)));
      return answers.every((answer) => / on 127\./.test(answer));
    }, 60_000);
    return cluster;
  }

  async ready(ref: string): Promise<string> {
    return (await this.local.try(this.local.project, "sns", "pod", "ps", ref, "-r")).out.trim();
  }

  get source(): string {
    return join(this.local.project, "_pods/web");
  }

  /** Makes pod.yaml that of another version, committed. */
  async version(version: string, behaviour: Behaviour = "good"): Promise<void> {
    await Deno.writeTextFile(join(this.source, "pod.yaml"), podYaml(version, behaviour));
    await this.local.must(this.source, "git", "commit", "-qam", version, "--allow-empty");
  }

  /** Releases; the exit code and all output. */
  async release(...args: string[]): Promise<{ code: number; text: string }> {
    const { code, out, err } = await this.local.try(
      this.local.project,
      ...["sns", "pod", "release", ...args] as [string, ...string[]],
    );
    return { code, text: out + err };
  }

  /** What the project says, without the logs: `git` writes of the tree. */
  async tree(): Promise<string> {
    const text = await this.local.must(this.local.project, "git", "ls-tree", "-r", "HEAD");
    return text.split("\n").filter((line) => !/log\.txt$|\t_synclogs\//.test(line)).join("\n");
  }

  /** `host pod:version` of all that runs on the hosts by their own word. */
  async running(): Promise<string[]> {
    const text = await this.local.must(
      this.local.project,
      ...["sns", "cluster", "ps", "--pod=web", "--json"] as [string, ...string[]],
    );
    const { pods } = JSON.parse(text) as {
      pods: { host: string; version: string; live: string; desired: string; drift: string[] }[];
    };
    return pods.map(({ host, version, live, drift }) => [host, version, live, ...drift].join(" "))
      .sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.local[Symbol.asyncDispose]();
  }
}

function podYaml(version: string, behaviour: Behaviour = "good"): string {
  return PROGRAM.replaceAll("VERSION", version).replaceAll("BEHAVIOUR", behaviour);
}
