/**
 * Simplenetes as a library: compile pods and read what they and their clusters leave on disk.
 * Importing it has no side effect.
 *
 * @example
 * ```ts
 * import { compilePod, formatDiagnostic } from "./mod.ts";
 *
 * const source = "api: 1.0.0\npodVersion: 1.0.0\ncontainers: [{ name: web, image: web:1 }]\n";
 * const { artifacts, diagnostics } = compilePod({
 *   source,
 *   file: "pod.yaml",
 *   podName: "web",
 *   variables: new Map(),
 *   baseDir: "/srv/web",
 *   configs: new Set(),
 * });
 * for (const diagnostic of diagnostics) console.error(formatDiagnostic(diagnostic, source));
 * console.log(artifacts ? "compiles" : "does not compile");
 * ```
 *
 * @module
 */
export * from "./podc/mod.ts";
export * from "./proxy/conf/mod.ts";
