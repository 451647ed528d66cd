/** Real hosts on networks of their own, and operators who reach them: what the tests of clusters run on. */
import { join } from "node:path";
import { type Ran, run } from "../shell/pod_folder.ts";
import { must } from "./command.ts";
import { Machine } from "./machine.ts";
import { type Lan, Network, type Node } from "./network.ts";
import { type Disks, disks, removeRun, type Run, startRun } from "./place.ts";

const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

const FRONT: readonly Lan[] = ["front"];

export interface HostSpec {
  /** Which disk it starts from; `podman` by default. */
  readonly disk?: keyof Disks;
  /** `front` by default. An operator is in `front` only. */
  readonly lans?: readonly Lan[];
}

/** A person at a machine of their own, which is only a network: the files are those of this machine. */
export interface Operator {
  readonly node: Node;
  /** Their home directory, with a git configuration. */
  readonly dir: string;
}

export class Lab implements AsyncDisposable {
  readonly #hosts = new Map<string, Machine>();
  readonly #operators = new Map<string, Operator>();

  private constructor(private readonly owner: Run, readonly network: Network) {}

  /**
   * Boots hosts, all at once, each with sshd and `deno`, our programs and their sources read only, and in
   * `/opt/packages` the packages of rootless podman; root may log in with {@link key}.
   *
   * @param operators names of those who may reach them
   */
  static async create(
    hosts: Readonly<Record<string, HostSpec>>,
    operators: readonly string[] = ["operator"],
  ): Promise<Lab> {
    const made = await disks();
    await allowManyHosts();
    const owner = await startRun();
    const lab = new Lab(owner, await Network.create(owner.prefix));
    try {
      await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", lab.key]);
      const key = (await Deno.readTextFile(`${lab.key}.pub`)).trim();
      for (const name of operators) await lab.#addOperator(name);
      for (const [name, spec] of Object.entries(hosts)) {
        const { disk = "podman", lans = FRONT } = spec;
        const node = { name, lans };
        await lab.network.connect(node);
        const options = { disk: made[disk], binds: await binds(made.packages), key };
        lab.#hosts.set(name, new Machine(node, owner, lab.network, options));
      }
      await Promise.all(lab.hosts.map((host) => prepare(host)));
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The private key that opens all hosts. */
  get key(): string {
    return join(this.owner.dir, "id_lab");
  }

  get hosts(): readonly Machine[] {
    return [...this.#hosts.values()];
  }

  host(name: string): Machine {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`No host is named ${name}`);
    return host;
  }

  get operators(): readonly Operator[] {
    return [...this.#operators.values()];
  }

  operator(name: string): Operator {
    const operator = this.#operators.get(name);
    if (operator === undefined) throw new Error(`No operator is named ${name}`);
    return operator;
  }

  /** The address of a host. */
  address(name: string, lan: Lan = "front"): string {
    return this.network.addressOf(this.#node(name), lan);
  }

  /** Nothing passes between two of the lab any more, hosts or operators; or nothing to one TCP port. */
  async cut(a: string, b: string, tcpPort?: number): Promise<void> {
    await this.network.cut(this.#node(a), this.#node(b), tcpPort);
  }

  /** Ends all cuts. */
  async heal(): Promise<void> {
    await this.network.heal();
  }

  /** A process of an operator, not started yet: in their network, with the programs of this project. */
  command(
    operator: Operator,
    words: readonly string[],
    options: Omit<Deno.CommandOptions, "args" | "env" | "clearEnv"> = {},
  ): Deno.Command {
    return new Deno.Command("nsenter", {
      cwd: operator.dir,
      ...options,
      args: [...this.#inNetworkOf(operator), ...words],
      ...environment(operator),
    });
  }

  /** Runs a program of an operator; any exit code will do. */
  try(operator: Operator, words: readonly string[], cwd = operator.dir): Promise<Ran> {
    const limited = ["timeout", "-k", "5", "240", ...words];
    return run("nsenter", [...this.#inNetworkOf(operator), ...limited], {
      cwd,
      ...environment(operator),
    });
  }

  /** Runs a program of an operator that has to succeed, and returns what it prints. */
  async must(operator: Operator, words: readonly string[], cwd = operator.dir): Promise<string> {
    const { code, out, err } = await this.try(operator, words, cwd);
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}:\n${out}${err}`);
    return out;
  }

  #inNetworkOf(operator: Operator): string[] {
    return [`--net=/run/netns/${this.network.namespaceOf(operator.node)}`];
  }

  #node(name: string): Node {
    return this.#operators.get(name)?.node ?? this.host(name).node;
  }

  async #addOperator(name: string): Promise<void> {
    const node = { name, lans: FRONT };
    await this.network.connect(node);
    const dir = join(this.owner.dir, name);
    await Deno.mkdir(dir);
    const who = `[user]\nname = ${name}\nemail = ${name}@localhost\n[init]\ndefaultBranch = main\n`;
    await Deno.writeTextFile(join(dir, ".gitconfig"), who);
    this.#operators.set(name, { node, dir });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeRun(this.owner);
    for (const host of this.hosts) await host.ended();
  }
}

/** Nothing of the environment of whoever runs the tests, such as an agent with keys. */
function environment({ node, dir }: Operator): Pick<Deno.CommandOptions, "env" | "clearEnv"> {
  return {
    clearEnv: true,
    env: {
      PATH: `${ROOT}/scripts/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      DENO: Deno.execPath(),
      ...(Deno.env.has("DENO_DIR") ? { DENO_DIR: Deno.env.get("DENO_DIR")! } : {}),
      HOME: dir,
      USER: node.name,
      LANG: "C.UTF-8",
    },
  };
}

/** Each systemd and each daemon watches files, and all hosts share root's number of watchers. */
async function allowManyHosts(): Promise<void> {
  const path = "/proc/sys/fs/inotify/max_user_instances";
  if (Number(await Deno.readTextFile(path)) < 1024) await Deno.writeTextFile(path, "1024");
}

async function binds(packages: string): Promise<Record<string, string>> {
  const cache = Deno.env.get("DENO_DIR");
  if (cache === undefined) throw new Error("DENO_DIR is not set: run the tests by scripts/e2e.sh");
  return {
    "/opt/simplenetes": ROOT,
    "/opt/packages": packages,
    "/opt/deno_dir": await Deno.realPath(cache),
    "/usr/local/bin/deno": await Deno.realPath(Deno.execPath()),
  };
}

/** A program of this project as a file of a host, run from its sources. */
const program = (folder: string, flags = "") =>
  `#!/bin/sh
export DENO_DIR=/opt/deno_dir DENO_NO_UPDATE_CHECK=1${flags}
exec deno run -q -A --no-lock --config /opt/simplenetes/deno.json /opt/simplenetes/${folder}/main.ts "$@"
`;

const PROGRAMS: Readonly<Record<string, string>> = {
  podc: program("podc"),
  simplenetesd: program("daemon"),
  "simplenetes-proxy": program("proxy", " DENO_V8_FLAGS=--max-semi-space-size=4"),
};

async function prepare(host: Machine): Promise<void> {
  await host.create();
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await host.run('printf %s "$2" >"$1"; chmod 755 "$1"', `/usr/local/bin/${name}`, text);
  }
}
