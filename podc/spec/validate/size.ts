/** Sizes of memory, such as `64M`. */
import { show } from "../reporter.ts";
import { refuse, scalar } from "../schema/scalars.ts";
import type { Schema } from "../schema/schema.ts";

const UNITS = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const;
type Unit = keyof typeof UNITS;

/** A whole number of `units`; the value is in bytes. Powers of 1024, as podman and the kernel count. */
export function size(units: readonly Unit[]): Schema<number> {
  const one = units.join(" or ");
  return scalar({ type: "string", pattern: `^[0-9]+[${units.join("")}]$` }, (text) => {
    const [, digits = "", written = ""] = /^([0-9]{1,6})([A-Za-z]*)$/.exec(text) ?? [];
    const unit = units.find((each) => each === written);
    if (unit && Number(digits) > 0) return Number(digits) * UNITS[unit];
    const meant = units.find((each) =>
      each === written.toUpperCase().replace(/I?B$/, "").replace(/I$/, "")
    );
    return refuse(
      `is ${show(text)}, but must be a number above 0 and ${one}, such as 64M`,
      Number(digits) > 0 && (meant || written === "")
        ? `write it as ${digits}${meant ?? "M"}`
        : undefined,
    );
  });
}

export const MIB = UNITS.M;
