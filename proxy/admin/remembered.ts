/** What a proxy believes about the other hosts, to be shown. */

/** One belief. */
export interface Remembered {
  /** The line of hosts.conf. */
  readonly host: string;
  /** The cluster port; `undefined` when it is about the proxy of the host itself. */
  readonly port: number | undefined;
  /** `unknown`: nothing is believed any more, but there are connections. */
  readonly answer: "ok" | "refused" | "busy" | "silent" | "down" | "unknown";
  /** For how much longer it is believed, in milliseconds. */
  readonly leftMs: number;
  /** Connections that the host carries for the port. */
  readonly active: number;
}

/** What several threads believe: connections add up, of two beliefs the longer one counts. */
export function mergeRemembered(lists: readonly (readonly Remembered[])[]): Remembered[] {
  const merged = new Map<string, Remembered>();
  for (const each of lists.flat()) {
    const key = `${each.port ?? ""} ${each.host}`;
    const known = merged.get(key);
    if (!known) merged.set(key, each);
    else {
      const longer = each.leftMs > known.leftMs ? each : known;
      merged.set(key, { ...longer, active: each.active + known.active });
    }
  }
  return [...merged.values()];
}
