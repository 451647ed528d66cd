/** YAML 1.2 text to a tree of text scalars with places. */
import { type Document, parseAllDocuments, visit } from "yaml";
import type { Finding } from "./finding.ts";
import { LineIndex, type Span } from "./span.ts";
import { isOpenQuote, syntaxFinding } from "./yaml_errors.ts";
import type { YamlNode } from "./yaml_node.ts";
import { TreeBuilder } from "./yaml_tree.ts";

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
  try {
    return readDocument(text, placeOf);
  } catch (error) {
    // The parser recurses: what nests too deeply overflows the stack.
    if (!(error instanceof RangeError)) throw error;
    return { findings: [{ severity: "error", message: "YAML is nested too deeply" }] };
  }
}

function readDocument(text: string, placeOf?: (span: Span) => string): ParsedYaml {
  // An array of documents, or the one of a text without any.
  const [document, second] = [parseAllDocuments(text, {
    schema: "failsafe",
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  })].flat();
  const findings = document ? syntaxFindings(document, text) : [];
  if (second && findings.length === 0) {
    const start = second.range?.[0] ?? text.length;
    findings.push({
      severity: "error",
      span: { start, end: start + 3 },
      message: "a second YAML document begins here, a pod.yaml is only one",
      hint: 'remove the line "---"',
    });
  }
  if (findings.length > 0 || !document?.contents) return { findings };
  const index = new LineIndex(text);
  const builder = new TreeBuilder(
    placeOf ?? ((span) => `line ${index.place(span.start).line}`),
  );
  const root = builder.build(document.contents, 0);
  return root ? { root, findings: builder.findings } : { findings: builder.findings };
}

type AnyDocument = Document | Document.Parsed;

function syntaxFindings(document: AnyDocument, text: string): Finding[] {
  const found = [...document.errors, ...document.warnings].map((error) => {
    const finding = syntaxFinding(error);
    if (!isOpenQuote(error)) return finding;
    const start = openingQuote(document, error.pos[0]) ?? error.pos[0];
    return { ...finding, span: { start, end: start + 1 } };
  });
  return firstOfEachLine(text, found);
}

/** Where the quoted text begins that runs up to `offset`, the end of everything. */
function openingQuote(document: AnyDocument, offset: number): number | undefined {
  let start: number | undefined;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith("QUOTE") && range && range[1] >= offset) start = range[0];
    },
  });
  return start;
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
