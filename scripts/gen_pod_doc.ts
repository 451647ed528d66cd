/**
 * Writes the part of docs/pod.md that lists the keys of pod.yaml, from the schema itself:
 * `deno run -A scripts/gen_pod_doc.ts`.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { Field, Fields, Json } from "../podc/spec/schema/object.ts";
import { POD } from "../podc/spec/validate/top.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILE = join(ROOT, "docs", "pod.md");
const BEGIN = "<!-- keys: made by scripts/gen_pod_doc.ts -->";
const END = "<!-- end of keys -->";

type Mapping = { readonly [key: string]: Json };

/** One key of pod.yaml, in its place. */
export interface DocumentedKey {
  /** Keys from the top, the key itself last. */
  readonly path: readonly string[];
  readonly field: Field<unknown>;
  /** What the document shows. */
  readonly example: Mapping;
  /** A whole pod with it. */
  readonly pod: Mapping;
}

/** All keys, a section's own before those of the sections in it. */
export function documentedKeys(): DocumentedKey[] {
  return [...keysOf(POD.fields, [], (pod) => pod, (example) => example)];
}

/** Sections whose keys are shown without what they stand in. */
const PLAIN = ["containers", "executable"];

/**
 * @param wrap makes a whole pod of a mapping that stands at `path`
 * @param show makes of it what the document shows
 */
function* keysOf(
  fields: Fields,
  path: readonly string[],
  wrap: (mapping: Mapping) => Mapping,
  show: (mapping: Mapping) => Mapping,
): Generator<DocumentedKey> {
  const needed = neededIn(fields, path);
  const plain = path.length === 0 || (path.length === 1 && PLAIN.includes(path[0]!));
  for (const [key, field] of Object.entries(fields)) {
    const own = { ...field.beside, [key]: field.example };
    const whole = { ...without(needed, path, key), ...own };
    const example = show(plain ? own : whole);
    yield { path: [...path, key], field, example, pod: wrap(whole) };
  }
  for (const [key, field] of Object.entries(fields)) {
    const inner = innerFields(field);
    // An executable's sections are those of a container.
    if (!inner || path[0] === "executable") continue;
    const around = (mapping: Mapping): Mapping => ({
      ...field.beside,
      [key]: "item" in field.schema ? [mapping] : mapping,
    });
    const shown = path.length === 0 && PLAIN.includes(key)
      ? (mapping: Mapping) => mapping
      : (mapping: Mapping) => path.length < 2 ? around(mapping) : show(around(mapping));
    // What the examples of containers mount.
    const top = path.length === 0 && key === "containers"
      ? { volumes: [{ name: "data", type: "volume" }] }
      : {};
    const pod = (mapping: Mapping) => wrap({ ...needed, ...top, ...around(mapping) });
    yield* keysOf(inner, [...path, key], pod, shown);
  }
}

/** What a mapping cannot be without. */
function neededIn(fields: Fields, path: readonly string[]): Mapping {
  const required = Object.entries(fields).filter(([, field]) => field.required);
  return {
    ...Object.fromEntries(required.map(([key, { example }]) => [key, example])),
    ...(path[0] === "executable" ? { command: ["deno", "run", "server.ts"] } : {}),
  };
}

/** The two ways of giving an executable exclude each other. */
function without(needed: Mapping, path: readonly string[], key: string): Mapping {
  if (path[0] !== "executable" || key !== "file") return needed;
  return Object.fromEntries(Object.entries(needed).filter(([each]) => each !== "command"));
}

function innerFields({ schema }: Field<unknown>): Fields | undefined {
  const inner: object = "item" in schema ? schema.item as object : schema;
  return "fields" in inner ? inner.fields as Fields : undefined;
}

const EXECUTABLE_NOTE =
  "What stands in its sections is as for containers. Probes and signal commands run on the host, in " +
  "the pod's directory; the program opens its ports itself, so that targetPort is left out.";

/** The list of keys as markdown, not formatted yet. */
export function keysMarkdown(): string {
  const sections = Map.groupBy(documentedKeys(), ({ path }) => path.slice(0, -1).join("."));
  return [...sections].map(([section, keys]) =>
    [
      `## ${section === "" ? "The pod" : `\`${section}\``}`,
      ...(section === "executable" ? [EXECUTABLE_NOTE] : []),
      ...keys.map(keyMarkdown),
    ].join("\n\n")
  ).join("\n\n");
}

function keyMarkdown({ path, field, example }: DocumentedKey): string {
  const name = `**\`${path.at(-1)}\`**${field.required ? " (required)" : ""}`;
  const yaml = stringify(example, { lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  return `${name}: ${field.doc}.\n\n\`\`\`yaml\n${yaml}\n\`\`\``;
}

/** `document` with a fresh list of keys, formatted as the project is. */
export async function withKeys(document: string): Promise<string> {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`No "${BEGIN}" in docs/pod.md`);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "-q", "--ext", "md", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const text = `${before}${BEGIN}\n\n${keysMarkdown()}\n\n${END}${after}`;
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("Cannot format docs/pod.md");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  await Deno.writeTextFile(FILE, await withKeys(await Deno.readTextFile(FILE)));
}
