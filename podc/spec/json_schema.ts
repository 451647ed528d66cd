/** The JSON Schema of pod.yaml, for editors. */
import type { JsonSchema } from "./schema/schema.ts";
import { VARIABLE_DEFINITION } from "./schema/scalars.ts";
import { POD } from "./validate/top.ts";

/**
 * JSON Schema, draft 2020-12, of a pod.yaml as its user writes it: variables included. It says all
 * that can be said of single keys; what concerns several of them is left to the compiler.
 */
export function podJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "pod.yaml",
    description: "A pod of Simplenetes: containers that belong together, or a program on the host",
    ...POD.json,
    $defs: VARIABLE_DEFINITION,
  };
}
