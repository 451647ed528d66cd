/** The YAML parser's complaints, in words for someone who writes a pod.yaml. */
import type { YAMLError } from "yaml";
import type { Finding } from "./finding.ts";

interface Words {
  readonly message?: string;
  readonly hint?: string;
}

const TEXTS: Partial<Record<YAMLError["code"], Words>> = {
  TAB_AS_INDENT: {
    message: "a tab is used as indentation",
    hint: "YAML is indented with blanks only",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a key or list item is out of place here",
    hint: 'check the indentation of this line and the next; text that contains ": " needs quotes',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "this runs over several lines, but a key must stand on one",
    hint: 'is there a ":" missing behind a key, or a quote or indentation wrong?',
  },
  BAD_INDENT: { hint: "indent all entries of a list or mapping by the same number of blanks" },
  UNEXPECTED_TOKEN: { hint: "check the indentation and quotes of this line and the one before" },
  TAG_RESOLVE_FAILED: { hint: 'a value that begins with "!" needs quotes' },
  BAD_SCALAR_START: { hint: "put the value in quotes" },
  BAD_DQ_ESCAPE: { hint: "in double quotes write \\\\ for a backslash, or use single quotes" },
  RESOURCE_EXHAUSTION: { message: "YAML is nested too deeply" },
};

/** A finding for `error`, at the parser's offsets. */
export function syntaxFinding(error: YAMLError): Finding {
  const words = byText(error) ?? TEXTS[error.code] ?? {};
  const [start, end] = error.pos;
  return {
    severity: "error",
    span: { start, end },
    message: words.message ?? lowerFirst(error.message),
    ...(words.hint === undefined ? {} : { hint: words.hint }),
  };
}

/** Whether `error`, which stands at the end of everything, is about a quote that was never closed. */
export function isOpenQuote({ message }: YAMLError): boolean {
  return message.startsWith("Missing closing");
}

function byText(error: YAMLError): Words | undefined {
  if (isOpenQuote(error)) {
    return { message: "this quote is never closed", hint: "close it with the same quote" };
  }
  const flow = /^Flow (map|sequence)/.exec(error.message);
  if (!flow) return undefined;
  const [open, close] = flow[1] === "map" ? ["{", "}"] : ["[", "]"];
  return { message: `what "${open}" opened ends here without "${close}"` };
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
