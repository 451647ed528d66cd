/** `volumes` of compose services. */
import { composePlain } from "./compose_texts.ts";
import { type Fields, type Item, Names } from "./draft.ts";
import { type Dict, isDict, show, textOf } from "./read.ts";
import { sizeOf } from "./units.ts";

/** Collects the volumes of all services. */
export class ComposeVolumes {
  readonly #names = new Names();
  readonly #made = new Set<string>();

  /** @param volumes Where they go to. */
  constructor(private readonly volumes: Item[]) {}

  /** The mounts of a service; remarks tell of what has no counterpart. */
  mounts(list: readonly unknown[], where: string, notes: string[]): Fields[] | undefined {
    const mounts = list.flatMap((entry, index): Fields[] => {
      const at = `${where}.volumes[${index}]`;
      const dict = isDict(entry) ? entry : shortForm(composePlain(textOf(entry, at), notes));
      const mount = this.#mount(dict, notes);
      if (mount === undefined) notes.push(`No counterpart: volume ${show(entry)}`);
      return mount === undefined ? [] : [mount];
    });
    return mounts.length === 0 ? undefined : mounts;
  }

  #mount(entry: Dict, notes: string[]): Fields | undefined {
    const dest = entry.target === undefined ? "" : textOf(entry.target, "target");
    const source = entry.source === undefined ? "" : textOf(entry.source, "source");
    const readOnly = entry.read_only === true ? true : undefined;
    if (!dest.startsWith("/")) return undefined;
    if (entry.type === "bind" && source !== "") {
      const volume = this.#add(source, { type: "host", bind: source }, "dir");
      if (/\.[a-z0-9]+$/i.test(source)) {
        notes.push(
          `${source} looks like a file: a volume of type config carries files to the hosts.`,
        );
      }
      return { volume, dest, readOnly };
    }
    if (entry.type === "tmpfs") {
      const size = isDict(entry.tmpfs) && entry.tmpfs.size !== undefined
        ? sizeOf(textOf(entry.tmpfs.size, "size"))
        : undefined;
      return { volume: this.#add(`tmpfs ${dest}`, { type: "ramdisk", size }, "ramdisk"), dest };
    }
    if (entry.type !== "volume") return undefined;
    // A named one outlives versions of the pod, as it outlives containers in compose.
    const shared = source === "" ? undefined : "pod";
    const volume = this.#add(source || `data ${dest}`, { type: "volume", shared }, "data");
    return { volume, dest, readOnly };
  }

  #add(key: string, fields: Fields, kind: string): string {
    const name = this.#names.of(key, kind);
    if (!this.#made.has(name)) this.volumes.push({ notes: [], fields: { name, ...fields } });
    this.#made.add(name);
    return name;
  }
}

/** `[source:]target[:options]` as the long form has it. */
function shortForm(text: string): Dict {
  const parts = text.split(":");
  const options = parts.length > 2 ? parts.pop()!.split(",") : [];
  const target = parts.pop();
  const source = parts.join(":");
  const type = /^[./~]/.test(source) ? "bind" : "volume";
  return { type, source, target, read_only: options.includes("ro") };
}
