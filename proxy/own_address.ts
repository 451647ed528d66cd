/** Which addresses the names in the settings have, and on which of them this proxy listens. */
import { messageOf } from "./error_message.ts";
import type { Settings } from "./conf_files.ts";
import { HostNames, type Resolve } from "./host_names.ts";
import type { Log } from "./log.ts";
import { namesIn } from "./make_plan.ts";

export class OwnAddress {
  readonly #names: HostNames;
  #host: string | undefined;
  #unresolved = "";

  /** @param resolve Looks host names up; the system by default. */
  constructor(resolve: Resolve | undefined, private readonly log: Log) {
    this.#names = new HostNames(resolve);
  }

  /** The address of all listeners, as the settings have it, and the addresses of names. */
  get known(): { readonly host: string | undefined; readonly addresses: HostNames["addresses"] } {
    return { host: this.#host, addresses: this.#names.addresses };
  }

  /** Looks the names of `settings` up again. Says once which have no address. Returns whether one changed. */
  async resolve(settings: Settings): Promise<boolean> {
    const { changed, failed } = await this.#names.refresh(namesIn(settings));
    const names = failed.join(",");
    if (names !== this.#unresolved && names !== "") {
      this.log.warn("Host names have no address", { names });
    }
    this.#unresolved = names;
    return changed;
  }

  /** Listens on what `settings` want, unless that can't be and there is an address in use already. */
  choose({ conf, hosts }: Settings): void {
    const wanted = conf.host ?? hosts[0]?.hostname;
    const old = this.#host;
    if (wanted === undefined || wanted === old) return;
    if (old === undefined || this.#canListen(wanted, old)) this.#host = wanted;
  }

  #canListen(wanted: string, old: string): boolean {
    try {
      Deno.listen({ hostname: this.#names.addressOf(wanted) ?? wanted, port: 0 }).close();
      return true;
    } catch (error) {
      this.log.error("Cannot listen on a new address, the old one stays", {
        host: wanted,
        stays: old,
        error: messageOf(error),
      });
      return false;
    }
  }
}
