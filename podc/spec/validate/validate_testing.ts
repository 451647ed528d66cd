/** For tests of the sections: pods around a snippet, and what is said of them. */
import assert from "node:assert/strict";
import { type CompileOutput, compilePod } from "../../compile.ts";
import type { Container, Executable } from "../pod_spec.ts";

const indented = (text: string, by: number) =>
  text.trim().split("\n").map((line) => " ".repeat(by) + line + "\n").join("");

/** A pod with one container, `lines` being more keys of it, and `top` more keys of the pod. */
export function containerPod(lines: string, top = ""): CompileOutput {
  return compile(
    `api: 1.0.0\npodVersion: 1.0.0\n${indented(top || "runtime: podman", 0)}containers:\n` +
      `  - name: web\n    image: example.com/web:1\n${lines && indented(lines, 4)}`,
  );
}

/** A pod whose executable has the keys `lines`. */
export function executablePod(lines: string, top = ""): CompileOutput {
  return compile(
    `api: 1.0.0\npodVersion: 1.0.0\n${indented(top || "labels:", 0)}runtime: executable\n` +
      `executable:\n${indented(lines, 2)}`,
  );
}

/** Compiles `source`, with the config directory `conf` being there. */
export function compile(source: string): CompileOutput {
  return compilePod({
    source,
    file: "pod.yaml",
    podName: "app",
    variables: new Map(),
    baseDir: "/base/dir",
    configs: new Set(["conf", "_own"]),
    preprocess: false,
  });
}

/** The one container of a pod that has no errors. */
export function containerOf(output: CompileOutput): Container {
  assert.deepEqual(messagesOf(output, "error"), []);
  assert.ok(output.spec?.kind === "containers");
  return output.spec.containers[0]!;
}

/** The executable of a pod that has no errors. */
export function executableIn(output: CompileOutput): Executable {
  assert.deepEqual(messagesOf(output, "error"), []);
  assert.ok(output.spec?.kind === "executable");
  return output.spec.executable;
}

export function messagesOf(output: CompileOutput, severity: "error" | "warning"): string[] {
  return output.diagnostics.filter((each) => each.severity === severity)
    .map(({ message }) => message);
}

/** Asserts that each snippet gives exactly one error, and that its text matches. */
export function assertErrors(
  pod: (snippet: string) => CompileOutput,
  table: readonly (readonly [string, RegExp])[],
): void {
  for (const [snippet, message] of table) {
    const found = messagesOf(pod(snippet), "error");
    assert.equal(found.length, 1, `${snippet}\n${found.join("\n")}`);
    assert.match(found[0]!, message, snippet);
  }
}
