/** Who may connect to cluster ports. */
import { networkFilter } from "./conf/mod.ts";
import { isFromHere } from "./context.ts";
import type { Connection } from "./engine.ts";

/** Verdicts on addresses that are kept; more are found again. */
const REMEMBERED = 1024;

/**
 * Tells of a client whether CLIENTFROM lets it in. Built once for each change of the settings: with
 * `any` it asks for no address, `own` takes a comparison, and a network is looked up once per address.
 */
export function clientFilter(clientFrom: readonly string[]): (client: Connection) => boolean {
  if (clientFrom.includes("any")) return () => true;
  const own = clientFrom.includes("own");
  const listed = remembered(networkFilter(clientFrom));
  return (client) => (own && isFromHere(client)) || listed(client.remote.hostname);
}

function remembered(isListed: (address: string) => boolean): (address: string) => boolean {
  const verdicts = new Map<string, boolean>();
  return (address) => {
    let verdict = verdicts.get(address);
    if (verdict === undefined) {
      if (verdicts.size >= REMEMBERED) verdicts.clear();
      verdicts.set(address, verdict = isListed(address));
    }
    return verdict;
  };
}
