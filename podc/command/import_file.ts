/** `podc import`: begins a pod.yaml from another system's file. */
import { ImportError } from "../import/draft.ts";
import { importPod } from "../import/import_pod.ts";

export const IMPORT_HELP = `Usage: podc import FILE [-o PATH]

Begins a pod.yaml from a compose file, or from a Kubernetes Pod or workload. What has no counterpart
is said in a comment; look at each of them.

  FILE                 compose.yaml, or a file of Kubernetes; - for standard input
  -o, --outfile PATH   where to write it, standard output by default; a file that is there stays
  -h, --help           print this

Exit codes: 0 done, 1 failed, 2 wrong usage.

Example:
  podc import compose.yaml -o pod.yaml && podc --check
`;

export interface ImportIo {
  readonly read: (file: string) => Promise<string>;
  /** @throws Deno.errors.AlreadyExists */
  readonly create: (file: string, text: string) => Promise<void>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Runs `podc import` with the arguments behind that word; resolves to the exit code. */
export async function importFile(args: readonly string[], io: ImportIo): Promise<number> {
  if (args.includes("-h") || args.includes("--help")) {
    io.stdout(IMPORT_HELP);
    return 0;
  }
  const parsed = parse(args);
  if (typeof parsed === "string") {
    io.stderr(`[ERROR] ${parsed}. Try: podc import --help\n`);
    return 2;
  }
  const { file, outfile } = parsed;
  try {
    const text = importPod(await io.read(file), file === "-" ? "standard input" : file);
    if (outfile === undefined) io.stdout(text);
    else await io.create(outfile, text);
    return 0;
  } catch (error) {
    io.stderr(`[ERROR] ${messageOf(error, file, outfile)}\n`);
    return 1;
  }
}

function parse(args: readonly string[]) {
  let file: string | undefined;
  let outfile: string | undefined;
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    const inline = /^(?:--outfile=|-o=?)(.+)$/.exec(word)?.[1];
    if (inline !== undefined) outfile = inline;
    else if (word === "-o" || word === "--outfile") outfile = args[++index];
    else if (word.startsWith("-") && word !== "-") return `Unknown option ${word}`;
    else if (file !== undefined) return `Only one file can be imported, not also ${word}`;
    else file = word;
    if ((word === "-o" || word === "--outfile") && outfile === undefined) return `${word} of what`;
  }
  return file === undefined ? "Which file" : { file, outfile };
}

function messageOf(error: unknown, file: string, outfile: string | undefined): string {
  if (error instanceof ImportError) return error.message;
  if (error instanceof Deno.errors.AlreadyExists) {
    return `${outfile} is there already; choose another name, or remove it first`;
  }
  if (error instanceof Deno.errors.NotFound) return `There is no ${file}`;
  return error instanceof Error ? error.message : String(error);
}
