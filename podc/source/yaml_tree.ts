/** The YAML parser's nodes -> our own: aliases followed, keys unique, scalars as text. */
import { type Alias, isAlias, isMap, isPair, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { Finding } from "./finding.ts";
import type { Span } from "./span.ts";
import type { YamlEntry, YamlNode } from "./yaml_node.ts";

/** Limits against documents that grow out of all proportion when their aliases are followed. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 100;

/** Builds the tree of one document, and collects what is wrong with it. */
export class TreeBuilder {
  readonly findings: Finding[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #inProgress = new Set<Node>();
  #count = 0;

  constructor(readonly placeOf: (span: Span) => string) {}

  /** The node as a tree; `undefined` when it is too large. */
  build(node: Node, depth: number): YamlNode | undefined {
    const span = spanOf(node);
    if (++this.#count > MAX_NODES) {
      if (this.#count === MAX_NODES + 1) this.#error(span, "too much YAML, aliases included");
      return undefined;
    }
    if (depth > MAX_DEPTH) {
      this.#error(span, "YAML is nested too deeply");
      return undefined;
    }
    if (isAlias(node)) return this.#alias(node, span, depth);
    if ("anchor" in node && node.anchor) this.#anchors.set(node.anchor, node);
    this.#inProgress.add(node);
    try {
      if (isMap(node)) return { kind: "map", span, entries: this.#entries(node, depth) };
      if (isSeq(node)) {
        const items = node.items.map((item) => this.#child(item, span, depth));
        return { kind: "list", span, items: items.filter((item) => item !== undefined) };
      }
      return isScalar(node) ? this.#scalar(String(node.value ?? ""), span, node.type) : undefined;
    } finally {
      this.#inProgress.delete(node);
    }
  }

  #alias(node: Alias, span: Span, depth: number): YamlNode | undefined {
    const target = this.#anchors.get(node.source);
    if (!target) {
      this.#error(span, `there is no anchor &${node.source} before this alias`);
      return undefined;
    }
    if (this.#inProgress.has(target)) {
      this.#error(span, `alias *${node.source} stands inside what it refers to`);
      return undefined;
    }
    const copy = this.build(target, depth + 1);
    // What is said of the copy is said where it is asked for.
    return copy && movedTo(span, copy);
  }

  #entries(map: YAMLMap, depth: number): YamlEntry[] {
    const first = new Map<string, Span>();
    const entries: YamlEntry[] = [];
    for (const { key, value } of map.items) {
      const keySpan = isNode(key) ? spanOf(key) : spanOf(map);
      if (!isScalar(key)) {
        this.#error(keySpan, "a key must be plain text");
        continue;
      }
      const name = String(key.value ?? "");
      const earlier = first.get(name);
      if (earlier) {
        this.#error(keySpan, `"${name}" is given twice, first on ${this.placeOf(earlier)}`);
      }
      const at = { start: keySpan.end, end: keySpan.end };
      const child = this.#child(value, at, depth);
      if (earlier || !child) continue;
      first.set(name, keySpan);
      entries.push({ key: name, keySpan, value: child });
    }
    return entries;
  }

  /** A key without value and an item without content are absent scalars. */
  #child(value: unknown, at: Span, depth: number): YamlNode | undefined {
    if (isNode(value)) return this.build(value, depth + 1);
    // `[a: b]` is a list with a mapping of one pair.
    if (isPair(value)) this.#error(at, "pairs in lists need braces: [{key: value}]");
    return { kind: "scalar", text: "", absent: true, span: at };
  }

  #scalar(text: string, span: Span, type: string | undefined): YamlNode {
    if (text.includes("\0")) {
      this.#error(
        span,
        "text with a NUL character",
        "no argument, variable or file name can hold one",
      );
    } else if (!text.isWellFormed()) {
      this.#error(span, "text with half a surrogate pair, which is no character");
    }
    return { kind: "scalar", text, absent: type === "PLAIN" && text === "", span };
  }

  #error(span: Span, message: string, hint?: string): void {
    this.findings.push({ severity: "error", span, message, ...(hint ? { hint } : {}) });
  }
}

/** The same node, all of it standing at `span`. */
function movedTo(span: Span, node: YamlNode): YamlNode {
  switch (node.kind) {
    case "scalar":
      return { ...node, span };
    case "list":
      return { ...node, span, items: node.items.map((item) => movedTo(span, item)) };
    case "map":
      return {
        ...node,
        span,
        entries: node.entries.map(({ key, value }) => ({
          key,
          keySpan: span,
          value: movedTo(span, value),
        })),
      };
  }
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}
