/** A cluster on the hosts of a lab: three behind a jump host, with podman and the daemon under systemd. */
import { join } from "node:path";
import { systemdUnit, USER_SERVICES, USER_SERVICES_FILE } from "../../daemon/mod.ts";
import { EXAMPLE_IMAGE, makeImageTar } from "../e2e/podman.ts";
import { INGRESS_IMAGE, makeIngressImageTar } from "../ingress/image.ts";
import { eventually, type Ran } from "../shell/pod_folder.ts";
import { Lab, type Operator } from "./lab.ts";
import type { Machine } from "./machine.ts";
import type { Lan } from "./network.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The hosts that run pods, where nothing else is asked for. */
export const HOSTS = ["h1", "h2", "h3"] as const;
export type HostName = typeof HOSTS[number];

/** The account that has the pods; its key is the lab's. */
const USER = "sns";

/** A host that is gone is noticed within the patience of a test. */
const FLAGS = "-oConnectTimeout=5 -oServerAliveInterval=1 -oServerAliveCountMax=4";

/** Makes the account, as a host needs it for rootless podman. */
const ADD_USER = `useradd -m -s /bin/bash "$1"
install -d -m 700 -o "$1" -g "$1" "/home/$1/.ssh" "/home/$1/.config" "/home/$1/.config/containers"
install -m 600 -o "$1" -g "$1" /root/.ssh/authorized_keys "/home/$1/.ssh/"
printf '[storage]\\ndriver="overlay"\\n' >"/home/$1/.config/containers/storage.conf"
chown "$1" "/home/$1/.config/containers/storage.conf"
loginctl enable-linger "$1"`;

/**
 * What only a host inside of another machine needs: a kernel with cgroups of both versions leaves its second
 * one without controllers, and lets podman make groups only at the root of what it sees.
 */
export const FIT_IN = `mkdir -p /etc/containers
printf '[containers]\\npids_limit=0\\n' >/etc/containers/containers.conf
printf 'z /dev/net/tun 0666\\n' >/etc/tmpfiles.d/lab.conf
[ -s /sys/fs/cgroup/cgroup.controllers ] || printf 'z /sys/fs/cgroup - %s %s -\\n' "$1" "$1" >>/etc/tmpfiles.d/lab.conf
systemd-tmpfiles --create /etc/tmpfiles.d/lab.conf`;

/** What there is to know of a cluster's home and of what listens. */
const REPORT = `cd "/home/$1/demo"
for file in hosts.conf portmappings.conf pods/*/release/*/pod.state pods/*/release/*/.pod.status; do
  echo "-- $file"; cat "$file"
done
for pod in pods/*/release/*/pod; do echo "-- $pod logs"; "$pod" logs -l -20; done
echo "-- listening"; ss -ltnp
echo "-- its own pod"; curl -sS -m 5 "http://$2:30000/" || :`;

/** Images that hosts can have: their names, and what makes them. */
const IMAGES = {
  web: [EXAMPLE_IMAGE, makeImageTar],
  ingress: [INGRESS_IMAGE, makeIngressImageTar],
} as const;

export interface ClusterOptions {
  /** The hosts that run pods, and the networks they are in: `back` and maybe more. {@link HOSTS} by default. */
  readonly hosts?: Readonly<Record<string, readonly Lan[]>>;
  /** Names of the operators; the first one makes the project. */
  readonly operators?: readonly string[];
  /** Which image the hosts get: that of the example pods for `true`. None by default. */
  readonly image?: boolean | keyof typeof IMAGES;
}

export class HostsCluster implements AsyncDisposable {
  private constructor(readonly lab: Lab, private readonly names: readonly string[]) {}

  /** Boots the hosts and makes a project that has them registered and initialised, with nothing attached. */
  static async create(options: ClusterOptions = {}): Promise<HostsCluster> {
    const { operators = ["alice"], image = false } = options;
    const hosts = options.hosts ?? Object.fromEntries(HOSTS.map((name) => [name, ["back"]]));
    const pods = Object.fromEntries(Object.entries(hosts).map(([name, lans]) => [name, { lans }]));
    const door = { disk: "bare", lans: ["front", "back"] } as const;
    const lab = await Lab.create({ door, ...pods }, operators);
    const cluster = new HostsCluster(lab, Object.keys(hosts));
    try {
      await cluster.#prepare(image === true ? "web" : image);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #prepare(image: false | keyof typeof IMAGES): Promise<void> {
    const tar = join(this.operator.dir, "image.tar");
    if (image) await IMAGES[image][1](tar);
    await Promise.all(this.lab.hosts.map(async (host) => {
      await host.run(ADD_USER, USER);
      if (host.name === "door") return;
      await host.run(FIT_IN, USER);
      await host.run(
        `printf %s "$1" >/etc/systemd/system/simplenetesd.service
        mkdir -p "\${2%/*}" && printf %s "$3" >"$2"; systemctl enable --now simplenetesd`,
        ...[systemdUnit(), USER_SERVICES_FILE, USER_SERVICES],
      );
      if (image) {
        await Deno.copyFile(tar, host.home("image.tar"));
        await host.as(USER, 'podman import -q /home/image.tar "$1"', IMAGES[image][0]);
      }
    }));
    await this.must(this.operator.dir, "sns", "cluster", "create", "demo");
    await this.#register("door", `--address=${this.lab.address("door")}`);
    await this.sns("host", "state", "door", "-s", "disabled");
    for (const name of this.names) {
      const address = this.lab.address(name, "back");
      const router = `--router-address=${address}:32767`;
      await this.#register(name, `--address=${address}`, "--jump-host=door", router);
      await this.sns("host", "init", name);
    }
    await this.commit("Hosts");
  }

  /** Registers a host, accepting its key by the fingerprint that the host itself tells. */
  async #register(name: string, ...more: string[]): Promise<void> {
    const keys = await this.lab.host(name).run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    const login = [`--user-name=${USER}`, `--keyfile=${this.lab.key}`, "--dir-home=demo"];
    const fingerprint = `--fingerprint=${keys.split(" ")[1]}`;
    await this.sns("host", "register", name, ...login, fingerprint, ...more);
    const file = join(this.project, name, "host.env");
    const env = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, env.replace(/^FLAGS=.*$/m, `FLAGS=${FLAGS}`));
  }

  /** Puts the example that serves one page from a container into the project, as the pod web. */
  async addWeb(): Promise<void> {
    await Deno.mkdir(join(this.project, "_pods"), { recursive: true });
    await this.must(ROOT, "cp", "-r", "examples/web-container", join(this.project, "_pods/web"));
  }

  /** Who made the project. */
  get operator(): Operator {
    return this.lab.operators[0]!;
  }

  get project(): string {
    return join(this.operator.dir, "demo");
  }

  host(name: string): Machine {
    return this.lab.host(name);
  }

  /** A path in the cluster's home on a host, as seen from here. */
  path(name: string, ...parts: string[]): string {
    return this.host(name).home(USER, "demo", ...parts);
  }

  /** Runs a program of the operator who made the project. */
  must(cwd: string, ...words: string[]): Promise<string> {
    return this.lab.must(this.operator, words, cwd);
  }

  sns(...args: string[]): Promise<string> {
    return this.must(this.project, "sns", ...args);
  }

  try(...args: string[]): Promise<Ran> {
    return this.lab.try(this.operator, ["sns", ...args], this.project);
  }

  async commit(message: string): Promise<void> {
    await this.must(this.project, "git", "add", ".");
    await this.must(this.project, "git", "commit", "-q", "-m", message);
  }

  /** Writes files of the project, by their path. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(this.project, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(this.project, path), text);
    }
  }

  /** Runs a shell script on a host as the account that has the pods. */
  as(name: string, script: string, ...args: string[]): Promise<string> {
    return this.host(name).as(USER, script, ...args);
  }

  /** One HTTP request from one host to a port of another: the page, or what went wrong. */
  async ask(from: string, to: string, port = 61000): Promise<string> {
    const url = `http://${this.lab.address(to, "back")}:${port}/`;
    const { code, out, err } = await this.host(from).try(
      'curl -sS --max-time 10 "$1" 2>&1',
      url,
    );
    return code === 0 ? out.trim() : `exit ${code}: ${out}${err}`;
  }

  /** Waits until a condition holds; when it does not, the error comes with the reports of all hosts. */
  async until(what: () => string, test: () => Promise<boolean>, timeoutMs = 90_000): Promise<void> {
    try {
      await eventually("", test, timeoutMs);
    } catch (error) {
      throw new Error(`${what()}: ${error}\n${await this.report()}`);
    }
  }

  async report(): Promise<string> {
    const parts: string[] = [];
    for (const name of this.names) {
      parts.push(await this.host(name).report());
      const { out, err } = await this.host(name).try(
        REPORT,
        USER,
        this.lab.address(name, "back"),
      );
      parts.push(out + err);
    }
    return parts.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}
