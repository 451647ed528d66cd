/** Names that are written in pod.yaml. */
import { isPodName, POD_NAME_RULE } from "../names.ts";
import { show } from "../reporter.ts";
import { refuse, scalar } from "../schema/scalars.ts";
import type { Schema } from "../schema/schema.ts";

/** Of all names; that of a config may begin with an underscore. */
const NAME_PATTERN = "^_?[a-z]([a-z0-9_]*[a-z0-9])?$";

/** A name that `accepts` takes; a wrong one is refused with one that is like it. */
export function name(accepts: (text: string) => boolean = isPodName): Schema<string> {
  return scalar({ type: "string", pattern: NAME_PATTERN, maxLength: 64 }, (text) => {
    if (accepts(text)) return text;
    const like = text.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "_").replaceAll(/^[0-9_]+|_+$/g, "");
    return refuse(
      `is ${show(text)}, but must be ${POD_NAME_RULE}`,
      accepts(like) ? `${like} would do` : undefined,
    );
  });
}
