/** A CA in a network of its own, as all others are, which is the hosts' DNS, too. */
import type { Served } from "../acme/serve.ts";
import type { Lab } from "./lab.ts";

const SERVE = new URL("../acme/serve.ts", import.meta.url).pathname;

export interface CaOptions {
  /** The operator of the lab at whose place it is. */
  readonly operator: string;
  /** The hosts that ask it. */
  readonly hosts: readonly string[];
  /** A domain, and the hosts that its name leads to. */
  readonly name: string;
  readonly at: readonly string[];
}

export class Ca implements AsyncDisposable {
  private constructor(readonly child: Deno.ChildProcess, readonly served: Served) {}

  static async start(lab: Lab, { operator, hosts, name, at }: CaOptions): Promise<Ca> {
    const place = lab.operator(operator);
    const address = lab.network.addressOf(place.node, "front");
    const words = [Deno.execPath(), "run", "-q", "-A", SERVE, address, "80", name];
    const child = lab.command(place, [...words, ...at.map((host) => lab.address(host))], {
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).values();
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await lines.next();
      if (done) throw new Error("the CA did not start");
      text += value;
    }
    await lines.return?.();
    const setDns =
      'printf "nameserver %s\\n" "$1" >/etc/resolv.conf; printf %s "$2" >/etc/acme-ca.pem';
    const served: Served = JSON.parse(text);
    for (const host of hosts) await lab.host(host).run(setDns, address, served.ca);
    return new Ca(child, served);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close();
    await this.child.status;
  }
}
