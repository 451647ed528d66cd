/** `env` of containers and executables. */
import { isEnvName } from "../names.ts";
import type { EnvVar } from "../pod_spec.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { text, textThat } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";
import { reportRepeated } from "./unique.ts";

const VARIABLE = object({
  name: required(
    textThat(isEnvName, "letters, digits and _, not beginning with a digit"),
    "Name of the environment variable",
    "GREETING",
    "<name of the variable>",
  ),
  value: optional(
    text({ empty: "allowed" }),
    "Its value, handed on literally; empty by default",
    "it's $5 & more",
  ),
});

export const ENV = list(VARIABLE);

type EnvItems = readonly Found<DraftOf<typeof VARIABLE>>[];

export function toEnv(found: Found<EnvItems> | undefined, context: Context): EnvVar[] {
  const drafts = (found?.value ?? []).flatMap(({ value }) => value === undefined ? [] : [value]);
  reportRepeated(drafts.map((draft) => draft.fields.name), "variable", context.reporter);
  return drafts.map(({ fields }) => ({
    name: fields.name?.value ?? "",
    value: fields.value?.value ?? "",
  }));
}

/** What podman, its helpers or their libraries read from their own environment. */
const OF_PODMAN = new RegExp(
  "^(PATH|HOME|USER|SHELL|TMPDIR|TZ|LANG|GODEBUG|GOGC|GOMAXPROCS|SSL_CERT_(FILE|DIR)|.*_PROXY|" +
    "(LC|LD|XDG|_?CONTAINERS?|PODMAN|BUILDAH|STORAGE|REGISTRY|DBUS|LISTEN|NOTIFY)_.*)$",
  "i",
);

/** A value with CRLF reaches a container only through podman's environment, so podman must not heed it. */
export function refuseCrlf(found: Found<EnvItems> | undefined, context: Context): void {
  for (const { value: draft } of found?.value ?? []) {
    const { name, value } = draft?.fields ?? {};
    if (!value?.value?.includes("\r\n") || !OF_PODMAN.test(name?.value ?? "")) continue;
    context.reporter.error(
      value.at,
      `a value with CRLF cannot be handed to a container as ${name?.value}, which podman reads itself`,
      "use LF line ends, or another name",
    );
  }
}
