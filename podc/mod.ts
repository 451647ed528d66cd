/** The pod compiler's door: compiling, and the formats that are read outside of it. */
export * from "./api/mod.ts";
export { type Artifacts, type CompileInput, type CompileOutput, compilePod } from "./compile.ts";
export { type Filled, fillTemplate } from "./fill_template.ts";
export { commandLine, quote } from "./render/shell.ts";
export { parseEnvFile } from "./source/env_file.ts";
export { readPodVersion, variablesIn } from "./source/variables.ts";
export { type Diagnostic, formatDiagnostic, type Position } from "./spec/diagnostic.ts";
export { compareVersions, isEnvName, isPodName, isVersion, POD_NAME_RULE } from "./spec/names.ts";
export { nearest } from "./spec/nearest.ts";
export type * from "./spec/pod_spec.ts";
export { unitsOf } from "./spec/pod_spec.ts";
