/** Schemas for lists. */
import type { Span } from "../../source/span.ts";
import { describeNode, type YamlNode, type YamlScalar } from "../../source/yaml_node.ts";
import { type Reporter, show } from "../reporter.ts";
import { text } from "./scalars.ts";
import type { Found, Schema } from "./schema.ts";

export interface ListSchema<T> extends Schema<readonly Found<T>[]> {
  readonly item: Schema<T>;
}

/** A list; nothing at all is an empty one. Every item is read, wrong ones keep their place. */
export function list<T>(item: Schema<T>): ListSchema<T> {
  return {
    item,
    json: { type: ["array", "null"], items: item.json },
    read(node, name, reporter) {
      const items = itemsOf(node, name, reporter);
      return items?.map((each, index) => ({
        at: each.span,
        key: each.span,
        value: item.read(each, `${name}[${index}]`, reporter),
      }));
    },
  };
}

/** A list of texts, each handed on literally. */
export function words(): Schema<readonly string[]> {
  const item = text({ empty: "allowed" });
  return {
    json: { type: ["array", "null"], items: item.json },
    read(node, name, reporter) {
      const read = itemsOf(node, name, reporter)?.map((each, index) =>
        item.read(each, `${name}[${index}]`, reporter)
      );
      return read?.every((each) => each !== undefined) ? read : undefined;
    },
  };
}

/** Words with blanks between them, or a list of such. */
export function blankList(
  accepts: (word: string) => boolean,
  rule: string,
): Schema<readonly string[]> {
  return {
    json: {
      anyOf: [{ type: "string", minLength: 1 }, {
        type: "array",
        minItems: 1,
        items: { type: "string" },
      }],
    },
    read(node, name, reporter) {
      const nodes = node.kind === "list" ? node.items : [node];
      const found = nodes.map((each) => {
        if (each.kind !== "scalar") {
          reporter.error(each.span, `${name} must be text or a list of texts`);
          return undefined;
        }
        const split = each.text.split(/\s+/).filter((word) => word !== "");
        const wrong = split.filter((word) => !accepts(word));
        for (const word of wrong) {
          reporter.error(spanOfWord(each, word), `${name} has ${show(word)}, but must be ${rule}`);
        }
        return wrong.length > 0 ? undefined : split;
      });
      if (!found.every((each) => each !== undefined)) return undefined;
      const all = found.flat();
      if (all.length > 0) return all;
      reporter.error(node.span, `${name} has no value`);
      return undefined;
    },
  };
}

/** Where `word` stands, when the text is written without quotes and escapes. */
function spanOfWord({ span, text }: YamlScalar, word: string): Span {
  const start = span.start + text.indexOf(word);
  return span.end - span.start === text.length ? { start, end: start + word.length } : span;
}

function itemsOf(
  node: YamlNode,
  name: string,
  reporter: Reporter,
): readonly YamlNode[] | undefined {
  if (node.kind === "list") return node.items;
  if (node.kind === "scalar" && node.absent) return [];
  const example = node.kind === "scalar" && node.text.length < 40 && !/[\n"']/.test(node.text)
    ? `write it as ${name}: [${node.text.split(/\s+/).join(", ")}]`
    : `begin each item with "- " on a line of its own`;
  reporter.error(node.span, `${name} must be a list, this is ${describeNode(node)}`, example);
  return undefined;
}
