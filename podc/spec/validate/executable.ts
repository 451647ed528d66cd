/** `executable`: a program on the host instead of containers. */
import { posix } from "node:path";
import type { Executable } from "../pod_spec.ts";
import { words } from "../schema/list.ts";
import { type DraftOf, object, optional } from "../schema/object.ts";
import { text } from "../schema/scalars.ts";
import type { Context } from "./context.ts";
import { ENV, toEnv } from "./env.ts";
import { EXPOSE, type ExposeDraft, toExpose } from "./expose.ts";
import { EXECUTABLE_STARTUP_PROBE_FIELD } from "./probes.ts";
import { toUnitParts, UNIT_FIELDS, type UnitDraft } from "./unit.ts";
import { warnOfUnit } from "./unit_warnings.ts";

export const EXECUTABLE = object({
  command: optional(words(), "Program and arguments, run and watched by the pod", [
    "deno",
    "run",
    "server.ts",
  ]),
  file: optional(
    text(),
    "A program that speaks the Pod API itself and becomes the pod",
    "./my-pod",
  ),
  env: optional(ENV, "Environment variables", [{ name: "PORT", value: "8080" }]),
  ...UNIT_FIELDS,
  startupProbe: EXECUTABLE_STARTUP_PROBE_FIELD,
  expose: optional(EXPOSE, "Ports that the program listens on", [{ hostPort: 8080 }]),
}, {
  instead: {
    args: "write the arguments behind the program in command",
    user: "it runs as the user who runs the pod",
    image: "image is for containers; an executable runs on the host",
    mounts: "mounts are for containers; an executable sees the host's files",
    name: "an executable has the name of its pod",
  },
});

export type ExecutableDraft = DraftOf<typeof EXECUTABLE>;

/** The two kinds of executable pod. */
export type ExecutableResult =
  | { readonly kind: "executable"; readonly executable: Executable }
  | { readonly kind: "executable-file"; readonly file: string };

/**
 * The executable of a draft; `undefined` when something that it needs is missing or wrong.
 *
 * @param hasConfig whether the pod has a config, which is its program's then
 */
export function toExecutable(
  draft: ExecutableDraft,
  hasConfig: boolean,
  context: Context,
): ExecutableResult | undefined {
  const { fields: { command, file, ...rest }, at } = draft;
  const { reporter } = context;
  if (command && file) {
    reporter.error(
      file.key,
      `file cannot stand beside command, which is on ${reporter.place(command.key)}`,
      "command: a program that the pod runs; file: a program that is the pod",
    );
    return undefined;
  }
  if (file) {
    for (const [key, found] of Object.entries(rest)) {
      if (found) {
        reporter.warning(found.key, `${key} has no effect beside file: the program is the pod`);
      }
    }
    if (file.value === undefined) return undefined;
    return { kind: "executable-file", file: posix.resolve(context.baseDir, file.value) };
  }
  if (!command || command.value?.length === 0 || command.value?.[0] === "") {
    const hint = "add command: [program, argument…], or file: <a program that speaks the Pod API>";
    reporter.error(command?.key ?? at, "executable has no command", hint);
  }
  const env = toEnv(rest.env, context);
  const expose = executableExpose(draft).map((entry) => toExpose(entry, "executable", reporter));
  const parts = toUnitParts(rest as UnitDraft, context);
  warnOfUnit(rest as UnitDraft, hasConfig, reporter);
  if (!command?.value || !expose.every((entry) => entry !== undefined)) return undefined;
  const executable = { name: context.podName, command: command.value, env, ...parts, expose };
  return { kind: "executable", executable };
}

/** The expose entries that count: a program that is the pod itself has none. */
export function executableExpose({ fields }: ExecutableDraft): ExposeDraft[] {
  if (fields.file) return [];
  return (fields.expose?.value ?? []).flatMap(({ value }) => value === undefined ? [] : [value]);
}
