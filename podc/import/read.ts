/** Looking into a file of unknown shape, with errors that say where. */
import { ImportError } from "./draft.ts";

export type Dict = Readonly<Record<string, unknown>>;

/** The keys of a mapping that nobody has asked for yet: what has no counterpart is not passed over. */
export class Reader {
  readonly #left: Set<string>;

  /** @param where How to get to it, such as `services.web`. */
  constructor(readonly dict: Dict, readonly where: string) {
    this.#left = new Set(Object.keys(dict).filter((key) => dict[key] !== null));
  }

  /** The value of a key, which counts as known from now on. */
  take(key: string): unknown {
    this.#left.delete(key);
    return this.dict[key] ?? undefined;
  }

  text(key: string): string | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : textOf(value, `${this.where}.${key}`);
  }

  list(key: string): readonly unknown[] {
    const value = this.take(key) ?? [];
    if (!Array.isArray(value)) throw new ImportError(`${this.where}.${key} is no list`);
    return value;
  }

  dictOf(key: string): Dict | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : dictOf(value, `${this.where}.${key}`);
  }

  /** What nobody asked for, sorted. */
  left(): string[] {
    return [...this.#left].filter((key) => !key.startsWith("x-")).sort();
  }
}

export function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {ImportError} when it is no mapping. */
export function dictOf(value: unknown, where: string): Dict {
  if (!isDict(value)) throw new ImportError(`${where} is no mapping`);
  return value;
}

/** @throws {ImportError} when it is a list or mapping. */
export function textOf(value: unknown, where: string): string {
  if (typeof value === "object" || value === undefined) {
    throw new ImportError(`${where} is no plain value`);
  }
  return String(value);
}

/** @throws {ImportError} when it is no list of plain values. */
export function textsOf(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw new ImportError(`${where} is no list`);
  return value.map((each, index) => textOf(each, `${where}[${index}]`));
}

/** A value in one line, for a remark. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
