/** registry-config.json: the logins to image registries, as container tools read them. */
import { UserError } from "../errors.ts";

/** Its name, in a host's directory or at the root of the project. */
export const REGISTRY_CONFIG = "registry-config.json";

/**
 * The text of the file for lines `registry:user:password`. The registry ends at the first colon, the
 * password begins behind the last one.
 *
 * @throws {UserError} naming the number of a line that has another form, never its text
 */
export function formatRegistryConfig(lines: string): string {
  const auths: Record<string, { auth: string }> = {};
  lines.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const match = /^([^:]+):(.+):([^:]+)$/.exec(line);
    if (match === null) {
      throw new UserError(`Cannot read line ${index + 1}: it is not registry:user:password`);
    }
    const [, registry, user, password] = match;
    auths[registry!] = { auth: new TextEncoder().encode(`${user}:${password}`).toBase64() };
  });
  return JSON.stringify({ auths }, null, 2) + "\n";
}

/**
 * The logins in `ours` beside those in `theirs`, of which the same registries are replaced.
 *
 * @param theirs what a host has; empty when there is nothing
 * @param file the name of ours, for messages
 * @throws {UserError} when one is no such file; its text is never shown
 */
export function mergeLogins(theirs: string, ours: string, file: string): string {
  const there = parseLogins(theirs.trim() === "" ? "{}" : theirs, "~/.docker/config.json there");
  const here = parseLogins(ours, file);
  const auths = { ...there.auths, ...here.auths };
  return JSON.stringify({ ...there, ...here, auths }, null, 2) + "\n";
}

function parseLogins(text: string, file: string): { readonly auths?: object } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const { auths } = value as { auths?: unknown };
      if (auths === undefined || typeof auths === "object" && auths !== null) return value;
    }
  } catch (error) {
    // The message of the parser quotes the text, which has passwords in it.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UserError(`Cannot read the logins in ${file}: it is not the JSON of container tools`, {
    hint: "mend or remove it",
  });
}
