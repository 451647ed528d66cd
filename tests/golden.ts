/** What the golden cases are, and what podc makes of one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Artifacts,
  compilePod,
  formatDiagnostic,
  parseEnvFile,
  type PodSpec,
} from "../podc/mod.ts";
import { runtimeSource } from "../podc/render/runtime.ts";

const ROOT = fileURLToPath(new URL("./fixtures/pods", import.meta.url));

export interface GoldenCase {
  readonly name: string;
  /** Directory with pod.yaml, pod.env, config/ and expected/. */
  readonly path: string;
}

/** All cases, by name. */
export function goldenCases(): GoldenCase[] {
  const names = [...Deno.readDirSync(ROOT)].filter((entry) => entry.isDirectory)
    .map(({ name }) => name).sort();
  return names.map((name) => ({ name, path: join(ROOT, name) }));
}

/**
 * The files of a case's `expected/` as podc makes them now; files that podc would not write are
 * left out. Paths in them begin at /srv/pods, wherever the repository is.
 */
export function goldenArtifacts({ name, path }: GoldenCase): Record<string, string> {
  const source = Deno.readTextFileSync(join(path, "pod.yaml"));
  const { artifacts, diagnostics, spec } = compilePod({
    source,
    file: "pod.yaml",
    podName: name.replaceAll("-", "_"),
    variables: parseEnvFile(readIfThere(join(path, "pod.env"))),
    baseDir: `/srv/pods/${name}`,
    configs: new Set(namesIn(join(path, "config"))),
  });
  const text = diagnostics.map((each) => formatDiagnostic(each, source) + "\n").join("");
  const files = {
    "diagnostics.txt": text,
    pod: artifacts ? specialPart(artifacts.pod, spec?.kind) : "",
    "pod.ingress.conf": artifacts?.ingress ?? "",
    "pod.portmappings.conf": artifacts?.portMappings ?? "",
  };
  return Object.fromEntries(Object.entries(files).filter(([, content]) => content !== ""));
}

/**
 * What is special to a pod in its script. The rest has to be the runtime to the letter, which
 * stands in podc/runtime and need not be repeated in every case.
 */
function specialPart(pod: Artifacts["pod"], kind: PodSpec["kind"] | undefined): string {
  if ("copyOf" in pod) return `copy of ${pod.copyOf}\n`;
  const runtime = runtimeSource(kind === "containers" ? kind : "executable").trimEnd() + "\n";
  assert.ok(pod.text.endsWith(`\n\n${runtime}`), "the script does not end with the runtime");
  return pod.text.slice(0, -runtime.length);
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function namesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
