/** What pod.yaml may say already, but the runtime cannot do yet. */
import type { YamlNode } from "../source/yaml_node.ts";
import type { Reporter } from "./reporter.ts";

/**
 * Keys by their path from the top, list items without number: `containers.signal`; or a value of
 * one: `volumes.type: ramdisk`. Each line goes as soon as the runtime does it.
 */
export const NOT_YET: ReadonlySet<string> = new Set();

/** Refuses all that stands in `notYet`, anywhere below `node`. */
export function reportNotYet(
  node: YamlNode,
  notYet: ReadonlySet<string>,
  reporter: Reporter,
  path = "",
): void {
  if (node.kind === "list") {
    for (const item of node.items) reportNotYet(item, notYet, reporter, path);
  }
  if (node.kind !== "map") return;
  for (const { key, keySpan, value } of node.entries) {
    const here = path === "" ? key : `${path}.${key}`;
    // What follows a colon is a parameter of the value: on-interval:60.
    const word = value.kind === "scalar" ? value.text.replace(/:.*$/s, "") : "";
    if (notYet.has(here)) {
      reporter.error(keySpan, `${key} is not supported yet in this version`);
    } else if (notYet.has(`${here}: ${word}`)) {
      reporter.error(value.span, `${key} ${word} is not supported yet in this version`);
    } else reportNotYet(value, notYet, reporter, here);
  }
}
