/** YAML 1.2 text to a tree of text scalars with places. */
import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { Finding } from "./finding.ts";
import { LineIndex, type Span } from "./span.ts";
import { syntaxFinding } from "./yaml_errors.ts";
import type { YamlEntry, YamlNode } from "./yaml_node.ts";

/** Limits against documents that grow out of all proportion when their aliases are followed. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 100;

export interface ParsedYaml {
  /** Absent when the text has syntax errors, or nothing in it. */
  readonly root?: YamlNode;
  readonly findings: readonly Finding[];
}

/**
 * Reads one document. Duplicate keys (the first one counts), text that no program could receive and
 * unknown tags are errors; the tree is there nevertheless, so that all other errors can be found.
 *
 * @param placeOf how to name a place in a message, such as `line 3`
 */
export function parseYaml(text: string, placeOf?: (span: Span) => string): ParsedYaml {
  let documents;
  try {
    // An array, or the stream's empty document.
    documents = [parseAllDocuments(text, {
      schema: "failsafe",
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: "silent",
    })].flat();
  } catch (error) {
    // The parser recurses: what nests too deeply overflows the stack.
    if (!(error instanceof RangeError)) throw error;
    return { findings: [{ severity: "error", message: "YAML is nested too deeply" }] };
  }
  const [document, second] = documents;
  const findings = documents.slice(0, 1).flatMap((each) =>
    firstOfEachLine(text, [...each.errors, ...each.warnings].map(syntaxFinding))
  );
  if (second && findings.length === 0) {
    const start = second.range?.[0] ?? text.length;
    findings.push({
      severity: "error",
      span: { start, end: start + 1 },
      message: "a second YAML document begins here, a pod.yaml is only one",
      hint: 'remove the line "---"',
    });
  }
  if (findings.length > 0 || !document?.contents) return { findings };
  const index = new LineIndex(text);
  const converter = new Converter(
    placeOf ?? ((span) => `line ${index.place(span.start).line}`),
  );
  const root = converter.convert(document.contents, 0);
  return root ? { root, findings: converter.findings } : { findings: converter.findings };
}

/** Later errors of a line are mostly consequences of its first. */
function firstOfEachLine(text: string, findings: readonly Finding[]): Finding[] {
  const index = new LineIndex(text);
  const seen = new Set<number>();
  return findings.filter(({ span }) => {
    const line = index.place(span?.start ?? 0).line;
    return !seen.has(line) && seen.add(line);
  });
}

class Converter {
  readonly findings: Finding[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #inProgress = new Set<Node>();
  #count = 0;

  constructor(readonly placeOf: (span: Span) => string) {}

  /** The node as a tree; `undefined` when it is too large. */
  convert(node: Node, depth: number): YamlNode | undefined {
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
    return this.convert(target, depth + 1);
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
    if (isNode(value)) return this.convert(value, depth + 1);
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

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}
