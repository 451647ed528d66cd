/** A cluster project on disk with local hosts, driven through the same door as the program. */
import { strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Hosts } from "../connect.ts";
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { parseCommandLine } from "../parse.ts";
import { createLog } from "../ui/log.ts";
import { NO_PROGRESS } from "../ui/progress.ts";
import type { Sshd } from "./sshd.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary directory with a project `demo` and homes for hosts. */
export class TestProject {
  /** The project's root. */
  readonly root: string;
  overrides: Partial<Deps> = {};
  /** Answers questions; nobody is at the terminal by default. */
  ask: Deps["ask"] = () => Promise.resolve(undefined);
  /** What commands read from stdin. */
  stdin = "";
  /** Socket of an SSH agent. */
  agent: string | undefined;

  private constructor(readonly base: string) {
    this.root = join(base, "demo");
  }

  /** Makes the project and the named hosts, registered and initialised. */
  static async create(hosts: readonly string[]): Promise<TestProject> {
    const project = new TestProject(await Deno.makeTempDir({ prefix: "sns-test-" }));
    await project.ok("cluster create demo", project.base);
    for (const [index, host] of hosts.entries()) {
      const home = project.home(host);
      await project.ok(
        `host register ${host} -a local -d ${home} -r 127.0.0.${index + 2}:32767`,
      );
      await project.ok(`host init ${host}`);
    }
    return project;
  }

  /** Registers and initialises a host behind `sshd`, whose key is accepted. */
  async register(host: string, sshd: Sshd, ...more: readonly string[]): Promise<void> {
    const address = `${sshd.address}:${sshd.port}`;
    const login = ["-u", sshd.user, "-k", sshd.key, "--yes"];
    await this.ok(["host", "register", host, "-a", address, ...login, ...more]);
    await this.ok(`host init ${host}`);
  }

  /** The home of a host on this machine. */
  home(host: string, ...path: string[]): string {
    return join(this.base, `home-${host}`, ...path);
  }

  /** The texts of all sync logs. */
  async syncLog(): Promise<string> {
    const names = [...Deno.readDirSync(this.path("_synclogs"))].map(({ name }) => name).sort();
    const texts = names.map((name) => Deno.readTextFile(this.path("_synclogs", name)));
    return (await Promise.all(texts)).join("");
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Runs a command line; `args` as one text is split at blanks. */
  async run(args: string | readonly string[], cwd = this.root): Promise<Ran> {
    let stdout = "";
    let stderr = "";
    const words = typeof args === "string" ? args.split(" ") : args;
    const output = (text: string) => void (stdout += text);
    const errors = (text: string) => void (stderr += text);
    await using hosts = new Hosts({
      agent: this.agent,
      ask: this.ask,
      warn: (text) => errors(`[WARN] ${text}\n`),
    });
    const deps: Deps = {
      cwd,
      env: (name) => name === "USER" ? "tester" : undefined,
      stdout: output,
      stdin: () => Promise.resolve(this.stdin),
      log: createLog(errors),
      progress: NO_PROGRESS,
      now: () => new Date(),
      random: Math.random,
      signal: new AbortController().signal,
      connect: (host) => hosts.connect(host),
      ssh: () => hosts.ssh(),
      ask: this.ask,
      terminal: false,
      ...this.overrides,
    };
    const parsed = await parseCommandLine(words, { stdout: output, stderr: errors });
    if (parsed.kind === "exit") return { code: parsed.code, stdout, stderr };
    try {
      return { code: await parsed.invocation(deps), stdout, stderr };
    } catch (error) {
      return { code: 1, stdout, stderr: stderr + describeError(error).join("\n") };
    }
  }

  /** Runs a command line that must succeed, and returns its stdout. */
  async ok(args: string | readonly string[], cwd?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, cwd);
    strictEqual(code, 0, `sns ${args} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  /** Runs a command line that must fail, and returns what it said. */
  async fails(args: string | readonly string[], code = 1): Promise<string> {
    const ran = await this.run(args);
    strictEqual(ran.code, code, `sns ${args} ended with ${ran.code}:\n${ran.stderr}`);
    return ran.stderr;
  }

  /** Writes files below the project's root. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(this.root, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(this.root, path), text);
    }
  }

  async git(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: ["-C", this.root, "-c", "user.name=t", "-c", "user.email=t@localhost", ...args],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  async commit(message = "change"): Promise<void> {
    await this.git("add", ".");
    await this.git("commit", "-q", "--allow-empty", "-m", message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.base, { recursive: true });
  }
}

/** A pod.yaml of a program that needs nothing but a shell. */
export function podYaml(version = "1.0.0"): string {
  return `api: 1.0.0
podVersion: ${version}
runtime: executable
volumes:
  - name: conf
    type: config
executable:
  command: [sh, -c, "while sleep 1; do echo \${greeting}; done"]
  restart: always
  expose:
    - hostPort: \${HOSTPORTAUTO1}
      clusterPort: \${CLUSTERPORTAUTO1}
`;
}
