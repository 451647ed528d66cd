/** Which pods one run of podc compiles. */
import { posix } from "node:path";
import type { Arguments, Request } from "./arguments.ts";

/** The pods to compile, or what is wrong with the words that were given. */
export type Targets =
  | { readonly targets: readonly Arguments[] }
  | { readonly wrong: string };

/**
 * Words that are directories with a pod.yaml stand for those pods. One word that is not is the name
 * of the pod in the current directory, or of the file that `-f` names.
 *
 * @param cwd the absolute current directory
 * @param isFile whether there is a file at an absolute path
 */
export async function targetsOf(
  { pods, file, ...options }: Request,
  cwd: string,
  isFile: (path: string) => Promise<boolean>,
): Promise<Targets> {
  const here = { ...options, file: file ?? "pod.yaml" };
  const [first, ...others] = pods;
  if (first === undefined) return { targets: [{ ...here, podName: undefined }] };
  const named = others.length === 0 &&
    (file !== undefined || !await isFile(posix.resolve(cwd, first, "pod.yaml")));
  if (named) return { targets: [{ ...here, podName: first }] };
  const single = ([["-f", file], ["-o", options.outfile]] as const)
    .find(([, value]) => value !== undefined);
  if (single) return { wrong: `${single[0]} is for one pod, not for directories of pods` };
  const targets: Arguments[] = [];
  for (const directory of pods) {
    const path = posix.resolve(cwd, directory);
    if (!await isFile(posix.join(path, "pod.yaml"))) {
      return { wrong: `${directory} is no directory with a pod.yaml` };
    }
    const podName = posix.basename(path);
    targets.push({ ...options, podName, file: posix.join(directory, "pod.yaml") });
  }
  return { targets };
}
