/** What facts.sh prints. Pure. */

/** All values of each fact, in the order in which they came. */
export type Facts = ReadonlyMap<string, readonly string[]>;

/** Lines without a tab, such as those of a login shell's greeting, are passed over. */
export function parseFacts(text: string): Facts {
  const facts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const tab = line.indexOf("\t");
    if (tab <= 0) continue;
    const name = line.slice(0, tab);
    facts.set(name, [...facts.get(name) ?? [], line.slice(tab + 1)]);
  }
  return facts;
}
