/** Schemas for single values. */
import { parseDecimal } from "../../../proxy/conf/mod.ts";
import { describeNode, type YamlNode } from "../../source/yaml_node.ts";
import { nearest } from "../nearest.ts";
import { type Reporter, show } from "../reporter.ts";
import type { JsonSchema, Schema } from "./schema.ts";

/** Why a text is no value of its kind. */
export interface Refusal {
  readonly refused: string;
  readonly hint?: string;
}

export function refuse(refused: string, hint?: string): Refusal {
  return { refused, ...(hint === undefined ? {} : { hint }) };
}

function isRefusal(result: unknown): result is Refusal {
  return typeof result === "object" && result !== null && "refused" in result;
}

/**
 * A value made from text.
 *
 * @param parse the value, or why the text is none: a sentence that goes on behind the key's name
 * @param empty what no text at all stands for; without it that is an error
 */
export function scalar<T extends string | number | boolean>(
  json: JsonSchema,
  parse: (text: string) => T | Refusal,
  empty?: T,
): Schema<T> {
  return {
    json: asWritten(json),
    read(node: YamlNode, name: string, reporter: Reporter): T | undefined {
      if (node.kind !== "scalar") {
        reporter.error(
          node.span,
          `${name} must be a single value, this is ${describeNode(node)}`,
          node.kind === "map" ? 'text that contains ": " or begins with { needs quotes' : undefined,
        );
        return undefined;
      }
      if (node.text === "" && empty !== undefined) return empty;
      if (node.absent) {
        reporter.error(node.span, `${name} has no value`);
        return undefined;
      }
      const result = parse(node.text);
      if (!isRefusal(result)) return result;
      reporter.error(node.span, `${name} ${result.refused}`, result.hint);
      return undefined;
    },
  };
}

/** Stands in JSON Schema for text with a `${NAME}` in it, which can become any value. */
export const VARIABLE_DEFINITION = {
  variable: {
    title: "variable",
    type: "string",
    pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}",
  },
} as const;

/** A value as editors see it: numbers and truth may stand in quotes, and anything may be a variable. */
function asWritten(json: JsonSchema): JsonSchema {
  const constrained = "pattern" in json || "enum" in json || !String(json.type).includes("string");
  if (!constrained) return json;
  const quoted = json.type === "integer" || json.type === "number"
    ? [{ type: "string", pattern: "^[0-9]+(\\.[0-9]+)?$" }]
    : json.type === "boolean"
    ? [{ enum: ["true", "false"] }]
    : [];
  return { anyOf: [json, ...quoted, { $ref: "#/$defs/variable" }] };
}

/** Any text, literally. Nothing at all is the empty text when `empty` says so. */
export function text(options: { empty?: "allowed" } = {}): Schema<string> {
  return options.empty
    ? scalar({ type: ["string", "number", "boolean", "null"] }, (value) => value, "")
    : scalar(
      { type: ["string", "number", "boolean"], minLength: 1 },
      (value) => value === "" ? refuse("is empty") : value,
    );
}

/** Text that `test` accepts. */
export function textThat(
  test: (value: string) => boolean,
  rule: string,
  json: JsonSchema = { type: "string" },
): Schema<string> {
  return scalar(
    json,
    (value) => test(value) ? value : refuse(`is ${show(value)}, but must be ${rule}`),
  );
}

/** A whole number. */
export function integer(first: number, last: number, what = "a whole number"): Schema<number> {
  return scalar({ type: "integer", minimum: first, maximum: last }, (value) => {
    const number = parseDecimal(value);
    return number !== undefined && number >= first && number <= last
      ? number
      : refuse(`is ${show(value)}, but must be ${what} from ${first} to ${last}`);
  });
}

/** `true` or `false`. */
export function boolean(): Schema<boolean> {
  return scalar({ type: "boolean" }, (value) => {
    if (value === "true" || value === "false") return value === "true";
    return refuse(`is ${show(value)}, but must be true or false`);
  });
}

/** One of a few words. */
export function oneOf<const T extends string>(
  words: readonly T[],
  options: { empty?: T } = {},
): Schema<T> {
  return scalar<T>(
    { enum: options.empty === undefined ? words : [...words, "", null] },
    (value) => {
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      const near = nearest(value, words);
      return refuse(
        `is ${show(value)}, but must be ${alternatives(words)}`,
        near === undefined ? undefined : `did you mean ${near}?`,
      );
    },
    options.empty,
  );
}

/** `a, b or c` */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
