/** A shell program as one command line that every login shell passes on unharmed. */
import { commandLine } from "../../podc/mod.ts";

/** Stands before the program's own output; what is before it, the login shell printed. */
const BEGIN = "sns-begin ";

/** Bytes that a system allows for one argument, which the login shell gets the command line as. */
export const MAX_COMMAND_BYTES = 131_000;

/** The command line that runs `script` under `sh` with `args` as `$1`, `$2` …, its begin marked. */
export function remoteCommand(script: string, args: readonly string[]): string {
  const begin = `printf '\\n${BEGIN}%s\\n' "$$"\nprintf '\\n${BEGIN}\\n' >&2\n`;
  return encodedCommand(begin + script, args);
}

/**
 * The same without marks.
 *
 * Login shells differ in what they do to quotes, backslashes and line breaks. So the program travels in
 * base64, and the words around it mean the same to all of them.
 */
export function encodedCommand(script: string, args: readonly string[]): string {
  const source = `set -- ${commandLine(args)}\n${script}`;
  const encoded = new TextEncoder().encode(source).toBase64();
  return `exec sh -c 'eval "$(printf %s "$1" | base64 -d)"' sns ${encoded}`;
}

/** Where the program's own output begins. */
export interface Begin {
  /** Index of its first byte. */
  readonly offset: number;
  /** Process id of the program and, where the login shell was replaced, of its group. */
  readonly pid?: number;
}

/** Finds the begin in what came so far; `undefined` while it is not there. */
export function findBegin(bytes: Uint8Array): Begin | undefined {
  // Latin 1 keeps one character per byte.
  const text = new TextDecoder("latin1").decode(bytes);
  const match = new RegExp(`(?:^|\n)${BEGIN}([0-9]*)\n`).exec(text);
  if (match === null) return undefined;
  const offset = match.index + match[0].length;
  return match[1] === "" ? { offset } : { offset, pid: Number(match[1]) };
}
