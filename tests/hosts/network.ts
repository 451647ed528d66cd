/** Switches and cables between hosts: bridges in a network of their own, cut and slowed at its ports. */
import { must } from "./command.ts";

/** The networks that a node can be in. */
export const LANS = { front: "198.51.100", back: "10.77.0" } as const;
export type Lan = keyof typeof LANS;

/** Something with a network card in each of `lans`. */
export interface Node {
  readonly name: string;
  readonly lans: readonly Lan[];
}

/** Two nodes that are kept apart: for everything, or for what goes to one TCP port. */
export type Cut = readonly [Node, Node, tcpPort?: number | undefined];

/** The rules that keep the pairs apart, as nft reads them. Drops in silence, as a cut cable does. */
export function rulesOf(cuts: readonly Cut[]): string {
  const drops = cuts.flatMap(([a, b, tcpPort]) => {
    const what = tcpPort === undefined ? "" : `tcp dport ${tcpPort} `;
    return a.lans.filter((lan) => b.lans.includes(lan)).flatMap((lan) => [
      `    iifname "${portOf(a, lan)}" oifname "${portOf(b, lan)}" ${what}drop`,
      `    iifname "${portOf(b, lan)}" oifname "${portOf(a, lan)}" ${what}drop`,
    ]);
  });
  return [
    "table bridge cuts",
    "delete table bridge cuts",
    "table bridge cuts {",
    "  chain forward {",
    "    type filter hook forward priority 0",
    ...drops,
    "  }",
    "}",
    "",
  ].join("\n");
}

const portOf = (node: Node, lan: Lan) => `${node.name}.${lan}`;
/** The card of a node in a network, as the node sees it. */
export const cardOf = (lan: Lan) => lan;

const WIRE = `set -eu
switch=$1 own=$2 port=$3 card=$4 bridge=$5 mac=$6 address=$7
ip link add "$port" netns "$switch" type veth peer name "$card" netns "$own"
ip -n "$switch" link set "$port" master "$bridge" up
# A new address of a card would be unknown to the others for seconds.
ip -n "$own" link set "$card" address "$mac"
ip -n "$own" addr add "$address/24" dev "$card"
ip -n "$own" link set "$card" up`;

export class Network {
  readonly #nodes: Node[] = [];
  #cuts: readonly Cut[] = [];

  private constructor(readonly prefix: string) {}

  /** Makes the switches; `prefix` begins the names of all network namespaces. */
  static async create(prefix: string): Promise<Network> {
    const network = new Network(prefix);
    const fabric = network.#fabric;
    await must(["ip", "netns", "add", fabric]);
    for (const lan of Object.keys(LANS)) {
      await must(["ip", "-n", fabric, "link", "add", lan, "type", "bridge"]);
      await must(["ip", "-n", fabric, "link", "set", lan, "up"]);
    }
    return network;
  }

  get #fabric(): string {
    return `${this.prefix}fabric`;
  }

  /** The name of a node's network namespace. */
  namespaceOf(node: Node): string {
    return `${this.prefix}${node.name}`;
  }

  /** A node's address in a network. */
  addressOf(node: Node, lan: Lan): string {
    if (!node.lans.includes(lan)) throw new Error(`${node.name} is not in ${lan}`);
    return `${LANS[lan]}.${11 + this.#nodes.indexOf(node)}`;
  }

  /** Gives a node its namespace and cards. */
  async connect(node: Node): Promise<void> {
    const index = this.#nodes.push(node) - 1;
    const own = this.namespaceOf(node);
    await must(["ip", "netns", "add", own]);
    await must(["ip", "-n", own, "link", "set", "lo", "up"]);
    for (const lan of node.lans) {
      const hex = (number: number) => number.toString(16).padStart(2, "0");
      const mac = `02:00:00:00:${hex(Object.keys(LANS).indexOf(lan))}:${hex(11 + index)}`;
      await must([
        ...["sh", "-c", WIRE, "sh", this.#fabric, own, portOf(node, lan), cardOf(lan), lan, mac],
        this.addressOf(node, lan),
      ]);
    }
  }

  /** Nothing passes between two nodes any more, or nothing to one TCP port, and neither is told. */
  async cut(a: Node, b: Node, tcpPort?: number): Promise<void> {
    await this.#setCuts([...this.#cuts, [a, b, tcpPort]]);
  }

  /** Ends all cuts. */
  async heal(): Promise<void> {
    await this.#setCuts([]);
  }

  async #setCuts(cuts: readonly Cut[]): Promise<void> {
    this.#cuts = cuts;
    const load = 'printf %s "$2" | ip netns exec "$1" nft -f -';
    await must(["sh", "-c", load, "sh", this.#fabric, rulesOf(cuts)]);
  }

  /** Pulls out all cables of a node, or puts them back. */
  async plug(node: Node, state: "up" | "down"): Promise<void> {
    for (const lan of node.lans) {
      await must(["ip", "-n", this.#fabric, "link", "set", portOf(node, lan), state]);
    }
  }

  /** What goes to a node is limited to `rate`, such as `8mbit`; `undefined` takes the limit away. */
  async limit(node: Node, rate: string | undefined): Promise<void> {
    const tc = ["ip", "netns", "exec", this.#fabric, "tc", "qdisc"];
    for (const lan of node.lans) {
      const [port, bucket] = [portOf(node, lan), ["burst", "32kb", "latency", "400ms"]];
      await must(
        rate === undefined
          ? [...tc, "del", "dev", port, "root"]
          : [...tc, "replace", "dev", port, "root", "tbf", "rate", rate, ...bucket],
      );
    }
  }
}
