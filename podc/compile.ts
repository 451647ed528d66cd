/** pod.yaml to everything that podc writes. Pure: files are read and written elsewhere. */
import { Diagnostics } from "./diagnostics.ts";
import { renderIngressConf } from "./render/ingress_conf.ts";
import { renderPodScript } from "./render/pod_script.ts";
import { renderPortMappings } from "./render/port_mappings.ts";
import type { Finding } from "./source/finding.ts";
import { preprocess, type Preprocessed } from "./source/preprocess.ts";
import { TextMap } from "./source/text_map.ts";
import { readPodVersion, substitute } from "./source/variables.ts";
import { parseYaml } from "./source/yaml.ts";
import type { Diagnostic } from "./spec/diagnostic.ts";
import { isPodName, POD_NAME_RULE } from "./spec/names.ts";
import type { PodSpec } from "./spec/pod_spec.ts";
import { Reporter, show } from "./spec/reporter.ts";
import { validatePod } from "./spec/validate/top.ts";

export interface CompileInput {
  /** pod.yaml as its user wrote it. */
  readonly source: string;
  /** Its name in diagnostics. */
  readonly file: string;
  readonly podName: string;
  /** Values of `${NAME}`. `podVersion` is always taken from the source itself. */
  readonly variables: ReadonlyMap<string, string>;
  /** What a variable without a value is: an error (the default), or empty. */
  readonly undefinedVariables?: "error" | "empty";
  /** Whether variables and directives count at all; true by default. */
  readonly preprocess?: boolean;
  /** Absolute directory that relative host binds and `executable.file` begin at. */
  readonly baseDir: string;
  /** The names of the directories in `config/` beside the compiled pod. */
  readonly configs: ReadonlySet<string>;
}

export interface CompileOutput {
  /** All errors and warnings, by position in the source. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text behind the preprocessor, for `.pod.yaml`. */
  readonly preprocessed: string;
  /** Only without errors. */
  readonly spec?: PodSpec;
  /** Only without errors. */
  readonly artifacts?: Artifacts;
}

/** What the files of a compiled pod say. */
export interface Artifacts {
  /** The pod: a script, or a copy of the file at this absolute path. */
  readonly pod: { readonly text: string } | { readonly copyOf: string };
  /** `""` stands for no file: one that is there from before is stale. */
  readonly portMappings: string;
  readonly ingress: string;
}

/**
 * Compiles one pod.yaml. Never throws for what stands in it: every problem is a diagnostic.
 */
export function compilePod(input: CompileInput): CompileOutput {
  const { podName, baseDir, configs } = input;
  const preprocessed = preprocessedText(input);
  const diagnostics = new Diagnostics(input.source, input.file, preprocessed);
  if (!isPodName(podName)) diagnostics.add([wrongName(podName)]);
  const yaml = parseYaml(preprocessed.text, (span) => `line ${diagnostics.lineOf(span)}`);
  diagnostics.add(yaml.findings);
  let spec: PodSpec | undefined;
  if (yaml.root) {
    const reporter = new Reporter((span) => diagnostics.lineOf(span));
    spec = validatePod(yaml.root, { reporter, podName, baseDir, configs });
    diagnostics.add(reporter.findings);
  } else if (!diagnostics.hasErrors) {
    diagnostics.add([EMPTY_FILE]);
  }
  const output = { diagnostics: diagnostics.sorted(), preprocessed: preprocessed.text };
  return spec && !diagnostics.hasErrors ? { ...output, spec, artifacts: render(spec) } : output;
}

const EMPTY_FILE: Finding = {
  severity: "error",
  message: "there is no pod in this file",
  hint: "the least is api: 1.0.0, podVersion: 1.0.0 and containers:",
};

function wrongName(name: string): Finding {
  return { severity: "error", message: `the pod's name ${show(name)} must be ${POD_NAME_RULE}` };
}

function preprocessedText(input: CompileInput): Preprocessed {
  const { source, undefinedVariables } = input;
  if (input.preprocess === false) {
    return { text: source, map: TextMap.identity(source.length), findings: [], missing: [] };
  }
  const version = readPodVersion(source);
  const variables = new Map(input.variables);
  // A version made of variables is itself given without them.
  if (version !== undefined) variables.set("podVersion", substitute(version, input.variables));
  return preprocess(source, variables, undefinedVariables);
}

function render(spec: PodSpec): Artifacts {
  return {
    pod: spec.kind === "executable-file" ? { copyOf: spec.file } : { text: renderPodScript(spec) },
    portMappings: renderPortMappings(spec),
    ingress: renderIngressConf(spec),
  };
}
