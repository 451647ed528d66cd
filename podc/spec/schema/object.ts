/** Schemas for mappings with known keys. */
import type { Span } from "../../source/span.ts";
import { describeNode, type YamlEntry, type YamlNode } from "../../source/yaml_node.ts";
import { nearest } from "../nearest.ts";
import { type Reporter, show } from "../reporter.ts";
import type { Found, JsonSchema, Schema } from "./schema.ts";

export interface Field<T> {
  readonly schema: Schema<T>;
  readonly required: boolean;
  /** One line for the docs and for editors. */
  readonly doc: string;
  /** A value as it stands in JSON, for the docs, for editors and for tests. */
  readonly example: Json;
  /** Keys of the same mapping that this one makes no sense without, in its example. */
  readonly beside?: { readonly [key: string]: Json };
  /** What to write when a required one is missing, if the example would mislead. */
  readonly placeholder?: string;
}

export type Json =
  | string
  | number
  | boolean
  | readonly Json[]
  | { readonly [key: string]: Json };

// deno-lint-ignore no-explicit-any -- each field has a type of its own
export type Fields = { readonly [key: string]: Field<any> };

/** What was found of each field: absent when the key is not there. */
export type Draft<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Field<infer T> ? Found<T> : never;
};

/** A mapping as it was found, wrong and missing parts left out. */
export interface ObjectDraft<F extends Fields> {
  /** The place that stands for the whole: its first key. */
  readonly at: Span;
  readonly fields: Draft<F>;
}

export interface ObjectSchema<F extends Fields> extends Schema<ObjectDraft<F>> {
  readonly fields: F;
}

/** The draft that an object schema reads. */
export type DraftOf<S> = S extends ObjectSchema<infer F> ? ObjectDraft<F> : never;

export interface ObjectOptions {
  /** What keys of other tools are called here, or where keys of other sections belong. */
  readonly instead?: { readonly [key: string]: string };
}

export function required<T>(
  schema: Schema<T>,
  doc: string,
  example: Json,
  placeholder?: string,
  beside: Field<T>["beside"] = {},
): Field<T> {
  return {
    schema,
    required: true,
    doc,
    example,
    beside,
    ...(placeholder === undefined ? {} : { placeholder }),
  };
}

export function optional<T>(
  schema: Schema<T>,
  doc: string,
  example: Json,
  beside: Field<T>["beside"] = {},
): Field<T> {
  return { schema, required: false, doc, example, beside };
}

/** A mapping with these keys and no others. */
export function object<F extends Fields>(
  fields: F,
  { instead = {} }: ObjectOptions = {},
): ObjectSchema<F> {
  return {
    fields,
    json: jsonOf(fields),
    read(node: YamlNode, name: string, reporter: Reporter): ObjectDraft<F> | undefined {
      if (node.kind !== "map") {
        const hint = `its keys are ${Object.keys(fields).join(", ")}`;
        reporter.error(node.span, `${name} must be a mapping, this is ${describeNode(node)}`, hint);
        return undefined;
      }
      const at = node.entries[0]?.keySpan ?? { start: node.span.start, end: node.span.start + 1 };
      const draft: Record<string, Found<unknown>> = {};
      const meant = new Set<string | undefined>();
      for (const entry of node.entries) {
        const field = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined;
        if (!field) {
          meant.add(reportUnknown(entry, name, fields, instead, reporter));
          continue;
        }
        draft[entry.key] = {
          key: entry.keySpan,
          at: entry.value.span,
          value: field.schema.read(entry.value, entry.key, reporter),
        };
      }
      const present = new Set([...meant, ...node.entries.map((entry) => entry.key)]);
      reportMissing(present, at, name, fields, reporter);
      return { at, fields: draft as Draft<F> };
    },
  };
}

/** Returns the known key that was meant, when that can be guessed. */
function reportUnknown(
  { key, keySpan }: YamlEntry,
  name: string,
  fields: Fields,
  instead: NonNullable<ObjectOptions["instead"]>,
  reporter: Reporter,
): string | undefined {
  const near = nearest(key, Object.keys(fields));
  const hint = Object.hasOwn(instead, key)
    ? instead[key]!
    : near === undefined
    ? `the keys are ${Object.keys(fields).join(", ")}`
    : `did you mean ${near}?`;
  reporter.error(keySpan, `${name} has no key ${show(key)}`, hint);
  return near;
}

function reportMissing(
  present: ReadonlySet<string | undefined>,
  at: Span,
  name: string,
  fields: Fields,
  reporter: Reporter,
): void {
  for (const [key, field] of Object.entries(fields)) {
    if (!field.required || present.has(key)) continue;
    const place = name === TOP_LEVEL ? undefined : at;
    reporter.error(
      place,
      `${name} has no ${key}`,
      `add ${key}: ${field.placeholder ?? String(field.example)}`,
    );
  }
}

/** The name of the root in messages; what it lacks has no place in the file. */
export const TOP_LEVEL = "the pod";

function jsonOf(fields: Fields): JsonSchema {
  const properties = Object.entries(fields).map(([key, { schema, doc, example }]) => [
    key,
    { title: key, description: doc, examples: [example], ...schema.json },
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: Object.keys(fields).filter((key) => fields[key]!.required),
    additionalProperties: false,
  };
}
