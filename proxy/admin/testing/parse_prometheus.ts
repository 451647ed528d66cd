/** For tests: a reader of the text format, made from its description and not from the writer. */

/** What a text says. */
export interface Parsed {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: Samples;
}

/** Values by name and labels. */
export class Samples {
  readonly #values = new Map<string, number>();

  set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const key = keyOf(name, labels);
    if (this.#values.has(key)) throw new Error(`Twice: ${key}`);
    this.#values.set(key, value);
  }

  /** The value; `undefined` when there is no such sample. */
  get(name: string, labels: Readonly<Record<string, string>>): number | undefined {
    return this.#values.get(keyOf(name, labels));
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1)]);
}

/** @throws Error when `text` breaks a rule of the format. */
export function parsePrometheus(text: string): Parsed {
  if (!text.endsWith("\n")) throw new Error("The last line has no end");
  const types = new Map<string, string>();
  const samples = new Samples();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "TYPE") types.set(current = name, rest);
      continue;
    }
    const [, name = "", labels, value = ""] =
      /^([a-zA-Z_:][\w:]*)(\{[^]*\})? (-?[0-9.e+-]+|[+-]Inf|NaN)$/.exec(line) ?? [];
    if (name === "") throw new Error(`Not a sample: ${line}`);
    const suffix = types.get(current) === "histogram" ? /^(_bucket|_sum|_count)$/ : /^$/;
    if (!name.startsWith(current) || !suffix.test(name.slice(current.length))) {
      throw new Error(`Not of ${current}: ${line}`);
    }
    samples.set(name, labels ? parseLabels(labels) : {}, Number(value));
  }
  return { types, samples };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 1;
  while (text[at] !== "}" || at < text.length - 1) {
    const name = /^[a-zA-Z_]\w*(?==")/.exec(text.slice(at))?.[0];
    if (name === undefined) throw new Error(`No label at ${at} of ${text}`);
    at += name.length + 2;
    let value = "";
    for (; text[at] !== '"'; at++) {
      if (at >= text.length) throw new Error(`No end of a value in ${text}`);
      if (text[at] !== "\\") value += text[at];
      else {
        const escaped = { "\\": "\\", '"': '"', n: "\n" }[text[++at]!];
        if (escaped === undefined) throw new Error(`Unknown escape at ${at} of ${text}`);
        value += escaped;
      }
    }
    labels[name] = value;
    at++;
    if (text[at] === ",") at++;
  }
  return labels;
}
