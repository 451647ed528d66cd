/**
 * Hosts that are network namespaces on one bridge, below a namespace of their own. All is gone when
 * the process that holds it ends, so nothing outlives a test, and names clash with nobody's.
 *
 * Works for root, and for other users where the kernel lets them make user namespaces.
 */
import { run } from "../shell/pod_folder.ts";

const SETUP = `set -eu
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link add br0 type bridge
ip link set br0 up
index=0
for host; do
  index=$((index + 1))
  ip netns add "$host"
  ip link add "p-$host" type veth peer name eth0 netns "$host"
  ip link set "p-$host" master br0 up
  ip -n "$host" addr add "10.77.0.$index/24" dev eth0
  ip -n "$host" link set eth0 up
  ip -n "$host" link set lo up
done
echo made
exec sleep infinity`;

const OWN_USER = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
const JOIN_USER = Deno.uid() === 0 ? [] : ["--user", "--preserve-credentials"];

/** Why there can be no lab here; `undefined` when there can. */
export async function whyNoLab(): Promise<string | undefined> {
  for (const tool of ["unshare", "nsenter", "ip"]) {
    const { code } = await run("sh", ["-c", 'command -v "$1"', "sh", tool]);
    if (code !== 0) return `no ${tool} here`;
  }
  const { code, err } = await run("unshare", [...OWN_USER, "--net", "--mount", "true"]);
  return code === 0 ? undefined : `namespaces can't be made: ${err.trim()}`;
}

export class NetLab implements AsyncDisposable {
  private constructor(
    private readonly holder: Deno.ChildProcess,
    private readonly hosts: readonly string[],
  ) {}

  /** Makes a namespace for each of `hosts`; they reach each other at {@link ip}. */
  static async create(hosts: readonly string[]): Promise<NetLab> {
    const holder = new Deno.Command("unshare", {
      args: [...OWN_USER, "--net", "--mount", "sh", "-c", SETUP, "sh", ...hosts],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    const { done } = await reader.read();
    await reader.cancel();
    if (done) throw new Error(`Cannot make namespaces: unshare ended with ${await ended(holder)}`);
    return new NetLab(holder, hosts);
  }

  /** The address of a host. */
  ip(host: string): string {
    return `10.77.0.${this.hosts.indexOf(host) + 1}`;
  }

  /** The words in front of a command line that make it run on a host. */
  on(host: string): string[] {
    return [...this.#inside(), "nsenter", `--net=/run/netns/${host}`];
  }

  /** The host is cut off, as if its cable was pulled: no packet comes or goes, and nobody is told. */
  async vanish(host: string): Promise<void> {
    await this.#must("ip", "link", "set", `p-${host}`, "down");
  }

  /** Ends {@link vanish}. */
  async comeBack(host: string): Promise<void> {
    await this.#must("ip", "link", "set", `p-${host}`, "up");
  }

  /** Sets a sysctl of a host's network, such as `net/ipv4/ip_local_port_range`. */
  async sysctl(host: string, key: string, value: string): Promise<void> {
    const [program, ...args] = this.on(host);
    const write = ["sh", "-c", 'echo "$1" >"/proc/sys/$2"', "sh", value, key];
    const { code, err } = await run(program!, [...args, ...write]);
    if (code !== 0) throw new Error(`Cannot set ${key}: ${err}`);
  }

  #inside(): string[] {
    return ["nsenter", "--target", `${this.holder.pid}`, ...JOIN_USER, "--net", "--mount"];
  }

  async #must(...words: string[]): Promise<void> {
    const [program, ...args] = [...this.#inside(), ...words];
    const { code, err } = await run(program!, args);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${err}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.holder.kill("SIGKILL");
    await this.holder.status;
  }
}

async function ended(child: Deno.ChildProcess): Promise<string> {
  const { code, signal } = await child.status;
  return signal ?? `${code}`;
}
