/** Which files one run of podc is about. */
import { posix } from "node:path";
import type { Arguments } from "./arguments.ts";

/** All paths are absolute, made so by text: links stay as they are. */
export interface Paths {
  readonly infile: string;
  /** The values of variables. */
  readonly envFile: string;
  readonly preprocessed: string;
  readonly outfile: string;
  readonly portMappings: string;
  readonly ingress: string;
  /** Holds a directory for each config. */
  readonly configs: string;
  readonly baseDir: string;
}

/** @param cwd the absolute directory that relative paths begin at */
export function pathsOf(
  { file, outfile, dir }: Pick<Arguments, "file" | "outfile" | "dir">,
  cwd: string,
): Paths {
  const infile = posix.resolve(cwd, file);
  const stem = infile.replace(/\.yaml$/, "");
  const out = outfile === undefined
    ? stem === infile ? `${infile}.out` : stem
    : posix.resolve(cwd, outfile);
  return {
    infile,
    envFile: `${stem}.env`,
    preprocessed: posix.join(posix.dirname(infile), `.${posix.basename(infile)}`),
    outfile: out,
    portMappings: `${out}.portmappings.conf`,
    ingress: `${out}.ingress.conf`,
    configs: posix.join(posix.dirname(out), "config"),
    baseDir: dir === undefined ? posix.dirname(infile) : posix.resolve(cwd, dir),
  };
}
