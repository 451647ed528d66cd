/** Names that may be used only once. */
import type { Span } from "../../source/span.ts";
import { type Reporter, show } from "../reporter.ts";
import type { Found } from "../schema/schema.ts";

/** Reports each of `names` that an earlier one equals. */
export function reportRepeated(
  names: readonly (Found<string> | undefined)[],
  what: string,
  reporter: Reporter,
): void {
  const first = new Map<string, Span>();
  for (const name of names) {
    if (name?.value === undefined) continue;
    const earlier = first.get(name.value);
    if (earlier) {
      const message = `${what} ${show(name.value)} is defined twice, first on ${
        reporter.place(earlier)
      }`;
      reporter.error(name.at, message);
    } else first.set(name.value, name.at);
  }
}
