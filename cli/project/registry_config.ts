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
