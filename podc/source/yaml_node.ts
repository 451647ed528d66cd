/** YAML as the compiler reads it: every scalar is text, every node knows its place. */
import type { Span } from "./span.ts";

export type YamlNode = YamlScalar | YamlMap | YamlList;

export interface YamlScalar {
  readonly kind: "scalar";
  readonly text: string;
  /** Nothing at all is written there, as behind `key:` at the end of a line. */
  readonly absent: boolean;
  readonly span: Span;
}

export interface YamlMap {
  readonly kind: "map";
  readonly entries: readonly YamlEntry[];
  readonly span: Span;
}

export interface YamlEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

export interface YamlList {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
  readonly span: Span;
}

/** What a node is, in a message. */
export function describeNode(node: YamlNode): string {
  switch (node.kind) {
    case "scalar":
      return node.absent ? "nothing" : "text";
    case "map":
      return "a mapping (key: value)";
    case "list":
      return "a list";
  }
}
