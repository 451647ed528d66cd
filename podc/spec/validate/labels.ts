/** `labels` of the pod. */
import type { Label } from "../pod_spec.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { text, textThat } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";
import { reportRepeated } from "./unique.ts";

const LABEL = object({
  name: required(
    textThat(
      (name) => /^[^\s=\p{Cc}-][^\s=\p{Cc}]*$/u.test(name) && !name.startsWith("simplenetes."),
      "a word without = that begins neither with - nor with simplenetes.",
    ),
    "Name of the label",
    "com.example.team",
    "<name of the label>",
  ),
  value: optional(text({ empty: "allowed" }), "Any text; empty by default", "web"),
});

export const LABELS = list(LABEL);

export function toLabels(
  found: Found<readonly Found<DraftOf<typeof LABEL>>[]> | undefined,
  { reporter }: Context,
): Label[] {
  const drafts = (found?.value ?? []).flatMap(({ value }) => value === undefined ? [] : [value]);
  reportRepeated(drafts.map((draft) => draft.fields.name), "label", reporter);
  return drafts.map(({ fields }) => ({
    name: fields.name?.value ?? "",
    value: fields.value?.value ?? "",
  }));
}
