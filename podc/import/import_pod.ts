/** Files of other systems as pod.yaml. Pure. */
import { parseAllDocuments } from "yaml";
import { importCompose } from "./compose.ts";
import { ImportError } from "./draft.ts";
import { importKube, isKube } from "./kube.ts";
import { isDict } from "./read.ts";
import { writeDraft } from "./write_draft.ts";

/**
 * Makes a pod.yaml to begin with from a compose file, or from a Kubernetes Pod or workload. Above
 * everything that has no counterpart there is a comment.
 *
 * @param file Its name, for the first line and for errors.
 * @throws {ImportError} when the file is neither, or is damaged.
 */
export function importPod(text: string, file: string): string {
  const documents = parseAllDocuments(text, { merge: true });
  if (!Array.isArray(documents)) throw new ImportError(`${file} is empty`);
  for (const { errors: [error] } of documents) {
    if (error) throw new ImportError(`${file}: ${error.message}`);
  }
  const values = documents.map((each) => each.toJS() as unknown).filter((each) => each !== null);
  try {
    const [first] = values;
    if (isKube(values)) return writeDraft(importKube(values), file);
    if (isDict(first) && first.services !== undefined) {
      return writeDraft(importCompose(first), file);
    }
  } catch (error) {
    if (error instanceof ImportError) throw new ImportError(`${file}: ${error.message}`);
    throw error;
  }
  throw new ImportError(
    `${file} is neither a compose file (with services) nor a Kubernetes Pod or workload`,
  );
}
