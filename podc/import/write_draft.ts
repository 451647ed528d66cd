/** A draft as the text of a pod.yaml. */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { type Draft, type Item, Template, type Value } from "./draft.ts";

/** Stands for the brace of a literal `${` until the text is written: no file has it. */
const BRACE = "\uE000";
const NOTE_WIDTH = 96;

/**
 * Writes pod.yaml.
 *
 * @param from What the draft was made from, for its first line.
 */
export function writeDraft(draft: Draft, from: string): string {
  const root = new YAMLMap();
  const add = (key: string, value: unknown) => root.items.push(new Pair(new Scalar(key), value));
  add("api", new Scalar("1.0.0"));
  add("podVersion", new Scalar("1.0.0"));
  if (draft.volumes.length > 0) add("volumes", listOf(draft.volumes));
  add("containers", listOf(draft.containers));
  for (const [index, pair] of root.items.entries()) {
    if (index > 1) (pair.key as Scalar).spaceBefore = true;
  }
  const document = new Document();
  document.contents = root as never;
  const intro = `Made by podc import from ${from}. Look at each remark, then delete it.`;
  document.commentBefore = comment([intro, ...draft.notes]);
  const text = document.toString({ lineWidth: 0, indentSeq: true });
  // A literal ${NAME} must not look like a variable, which is put in before YAML is read.
  return text.replaceAll(BRACE, "\\u007b").replaceAll("\\uE000", "\\u007b");
}

function listOf(items: readonly Item[]): YAMLSeq {
  const list = new YAMLSeq();
  for (const { notes, fields } of items) {
    const node = nodeOf(fields) as YAMLMap;
    if (notes.length > 0) node.commentBefore = comment(notes);
    list.items.push(node);
  }
  return list;
}

function nodeOf(value: Value): unknown {
  if (value instanceof Template) return new Scalar(value.text);
  if (typeof value === "string") return literal(value);
  if (typeof value !== "object") return new Scalar(value);
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items.push(...value.map(nodeOf));
    list.flow = value.every((each) => typeof each !== "object" || each instanceof Template) &&
      JSON.stringify(value).length < 80;
    return list;
  }
  const map = new YAMLMap();
  for (const [key, each] of Object.entries(value)) {
    if (each !== undefined) map.items.push(new Pair(new Scalar(key), nodeOf(each)));
  }
  return map;
}

function literal(text: string): Scalar {
  const scalar = new Scalar(text.replace(/\$\{(?=[A-Za-z_][A-Za-z0-9_]*\})/g, `$${BRACE}`));
  if (scalar.value !== text) scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** Remarks as comment lines, none of which looks like a directive or a variable. */
function comment(notes: readonly string[]): string {
  return notes.flatMap((note) => wrap(note.replaceAll("${", "$ {"))).map((line) => ` ${line}`)
    .join("\n");
}

function wrap(note: string): string[] {
  const lines = [""];
  for (const word of note.split(/\s+/)) {
    const last = lines.at(-1)!;
    if (last !== "" && last.length + 1 + word.length > NOTE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
