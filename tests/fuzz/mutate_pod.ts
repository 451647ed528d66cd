/** Mutations that know the schema: keys stand where they belong, values are likely to be right. */
import { parse, stringify } from "yaml";
import { podJsonSchema } from "../../podc/spec/json_schema.ts";
import { PIECES } from "./mutate_bytes.ts";
import type { Random } from "../../cli/testing/random.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The part of JSON Schema that is looked at here. */
interface Schema {
  readonly properties?: { readonly [key: string]: Schema };
  readonly items?: Schema;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly Json[];
}
const SCHEMA: Schema = podJsonSchema();

/** A place in a pod, and what the schema says of it. */
interface Place {
  readonly value: Json;
  readonly schema: Schema;
  readonly replace: (value: Json) => void;
}

/** The pod of `text` with one to a few values, keys or items changed; `undefined` if it is no YAML. */
export function mutatePod(text: string, random: Random): string | undefined {
  try {
    const tree = {
      root: parse(text, { uniqueKeys: false, maxAliasCount: 50, logLevel: "silent" }),
    };
    for (let times = 1 + random.below(3); times > 0; times--) {
      // What an alias stands for is there once only; without a copy a change would be everywhere.
      tree.root = structuredClone(tree.root);
      const replace = (value: Json) => void (tree.root = value);
      change(random.pick([...placesIn({ value: tree.root, schema: SCHEMA, replace })]), random);
    }
    return stringify(tree.root, {
      aliasDuplicateObjects: false,
      collectionStyle: random.pick(["any", "flow", "block"]),
      defaultStringType: random.pick(["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL"]),
      lineWidth: random.pick([0, 80]),
      indent: random.pick([2, 4]),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined; // no YAML, or a tree that has none in that style
  }
}

/** A place and all below it. */
function* placesIn(place: Place): Generator<Place> {
  yield place;
  const { value, schema } = place;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const replace = (other: Json) => void (value[index] = other);
      yield* placesIn({ value: item, schema: schema.items ?? {}, replace });
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      const replace = (other: Json) => void (value[key] = other);
      yield* placesIn({ value: each, schema: schema.properties?.[key] ?? {}, replace });
    }
  }
}

function change({ value, schema, replace }: Place, random: Random): void {
  if (random.chance(0.03)) return replace(random.pick([null, {}, [], random.pick(PIECES)]));
  if (Array.isArray(value)) {
    if (value.length > 0 && random.chance(0.3)) {
      value.splice(random.below(value.length), 1);
    } else if (value.length > 0 && random.chance(0.5)) {
      value.push(structuredClone(random.pick(value)));
    } else value.push(schema.items ? example(schema.items, random) : random.pick(PIECES));
    return;
  }
  if (typeof value !== "object" || value === null) {
    return replace(random.chance(0.4) ? example(schema, random) : textLike(String(value), random));
  }
  const keys = Object.keys(value);
  if (keys.length > 0 && random.chance(0.2)) {
    delete value[random.pick(keys)];
  } else if (schema.properties) {
    const key = random.pick(Object.keys(schema.properties));
    value[key] = example(schema.properties[key]!, random);
  } else value[random.pick(PIECES)] = 1;
}

/** A value that the schema takes. */
function example(schema: Schema, random: Random): Json {
  const words = schema.enum ?? schema.anyOf?.flatMap((each) => each.enum ?? []) ?? [];
  if (words.length > 0 && random.chance(0.7)) return random.pick(words);
  if (schema.examples) return structuredClone(schema.examples[0]!);
  const required = Object.entries(schema.properties ?? {}).filter(() => random.chance(0.3));
  if (schema.properties) {
    return Object.fromEntries(required.map(([key, each]) => [key, example(each, random)]));
  }
  return random.chance(0.5) ? random.below(70_000) : random.pick(PIECES);
}

function textLike(text: string, random: Random): Json {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + random.pick(PIECES) + text.slice(random.chance(0.7) ? at : at + 3);
}
