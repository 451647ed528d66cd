/** A pod.yaml in the making: what another system's file says, and what it says in vain. */
import { isPodName, MAX_NAME_LENGTH } from "../spec/names.ts";

/** A string in which `${NAME}` stands for a variable; in others it is literal text. */
export class Template {
  constructor(readonly text: string) {}
}

export type Value = string | number | boolean | Template | readonly Value[] | Fields;
/** Keys in the order in which they are written; `undefined` ones are left out. */
export interface Fields {
  readonly [key: string]: Value | undefined;
}

/** A volume or container, and remarks that stand above it as comments. */
export interface Item {
  readonly notes: string[];
  readonly fields: Fields;
}

export interface Draft {
  /** Remarks about the pod as a whole. */
  readonly notes: string[];
  readonly volumes: Item[];
  readonly containers: Item[];
}

/** A file that cannot be imported; the message says what is wrong with it and where. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}

/** Names as pod.yaml wants them, for names of other systems: always the same, no two alike. */
export class Names {
  readonly #given = new Map<string, string>();

  /** @param kind What it is a name of, in case nothing else is left of it. */
  of(name: string, kind: string): string {
    const known = this.#given.get(name);
    if (known !== undefined) return known;
    const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "")
      .slice(0, MAX_NAME_LENGTH - 4).replace(/_+$/, "");
    const base = isPodName(plain) ? plain : kind;
    const taken = new Set(this.#given.values());
    let unique = base;
    for (let number = 2; taken.has(unique); number++) unique = `${base}_${number}`;
    this.#given.set(name, unique);
    return unique;
  }
}
