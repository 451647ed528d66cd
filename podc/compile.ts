/** pod.yaml to everything that podc writes. Pure: files are read and written elsewhere. */
import { renderIngressConf } from "./render/ingress_conf.ts";
import { renderPodScript } from "./render/pod_script.ts";
import { renderPortMappings } from "./render/port_mappings.ts";
import type { Finding } from "./source/finding.ts";
import { preprocess, type Preprocessed } from "./source/preprocess.ts";
import { LineIndex, type Span } from "./source/span.ts";
import { TextMap } from "./source/text_map.ts";
import { readPodVersion, substitute } from "./source/variables.ts";
import { parseYaml } from "./source/yaml.ts";
import type { Diagnostic, Position } from "./spec/diagnostic.ts";
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

/** Compiles one pod.yaml. Never throws for what stands in it: every problem is a diagnostic. */
export function compilePod(input: CompileInput): CompileOutput {
  const { text, map, findings, missing } = preprocessed(input);
  const locate = locator(input.source, map);
  const lineOf = (span: Span) => locate(span).line;
  const locateInSource = sourceLocator(input);
  const unsure = new Set(missing.map((span) => locateInSource(span).line));
  const diagnostics = findings.map((finding) => toDiagnostic(finding, input, locateInSource));
  const add = (later: readonly Finding[]) => {
    const located = later.map((finding) => toDiagnostic(finding, input, locate));
    diagnostics.push(...located.filter(({ position }) => !unsure.has(position?.line ?? 0)));
  };
  const finish = (spec?: PodSpec): CompileOutput => {
    const sorted = sortedOnce(diagnostics);
    const failed = sorted.some((diagnostic) => diagnostic.severity === "error");
    return spec && !failed
      ? { diagnostics: sorted, preprocessed: text, spec, artifacts: render(spec) }
      : { diagnostics: sorted, preprocessed: text };
  };
  if (!isPodName(input.podName)) {
    diagnostics.push({
      severity: "error",
      file: input.file,
      message: `the pod's name ${show(input.podName)} must be ${POD_NAME_RULE}`,
    });
  }
  const yaml = parseYaml(text, (span) => `line ${lineOf(span)}`);
  add(yaml.findings);
  if (!yaml.root) {
    if (diagnostics.every((each) => each.severity !== "error")) {
      const hint = "the least is: api: 1.0.0, podVersion: 1.0.0 and containers:";
      diagnostics.push({ severity: "error", file: input.file, message: "the file is empty", hint });
    }
    return finish();
  }
  const reporter = new Reporter(lineOf);
  const { podName, baseDir, configs } = input;
  const spec = validatePod(yaml.root, { reporter, podName, baseDir, configs });
  add(reporter.findings);
  return finish(spec);
}

function preprocessed(input: CompileInput): Preprocessed {
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

type Locate = (span: Span) => Position;

/** Leads from the preprocessed text to the user's. */
function locator(source: string, map: TextMap): Locate {
  const index = new LineIndex(source);
  return (span) => positionOf(map.toSource(span), index);
}

function sourceLocator({ source }: CompileInput): Locate {
  const index = new LineIndex(source);
  return (span) => positionOf(span, index);
}

/** An underline stays on the line that it begins on. */
function positionOf({ start, end }: Span, index: LineIndex): Position {
  // What is missing at the end of the file is shown behind the last thing that is there.
  if (start >= index.text.length) start = index.text.trimEnd().length;
  const { line, column } = index.place(start);
  const newline = index.text.indexOf("\n", start);
  const lineEnd = newline < 0 ? index.text.length : newline;
  return { line, column, length: Math.max(1, Math.min(end, lineEnd) - start) };
}

function toDiagnostic(finding: Finding, { file }: CompileInput, locate: Locate): Diagnostic {
  const { span, ...rest } = finding;
  return { ...rest, file, ...(span === undefined ? {} : { position: locate(span) }) };
}

/** By position, whole-file ones first; what an alias repeats is said once. */
function sortedOnce(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map(diagnostics.map((each) => [JSON.stringify(each), each]));
  const order = ({ position }: Diagnostic) => [position?.line ?? 0, position?.column ?? 0] as const;
  return [...seen.values()].sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
}
