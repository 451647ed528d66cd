/** Key pairs of a project, and the public keys that are to open an account. */
import { join } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent, visibleNames } from "../project/files.ts";
import { type Setup, tell } from "./setup.ts";

/** Makes an ed25519 key pair unless the private key is there. */
export async function ensureKeyPair(setup: Setup, path: string): Promise<void> {
  if (await statIfPresent(path)) return tell(setup, "key", "ok", path);
  if (setup.look) return tell(setup, "key", "would change", `make the key pair ${path}`);
  await keygen(
    ["-q", "-t", "ed25519", "-N", "", "-C", `${setup.host.name} of ${setup.cluster.id}`],
    path,
  );
  tell(setup, "key", "changed", `made the key pair ${path}`);
}

/**
 * Lines for authorized_keys, sorted: the public keys in a directory of the host, and the own one.
 *
 * @param own path of the private key; it is left out when `undefined`
 */
export async function publicKeys(
  { host }: Setup,
  own: string | undefined,
  dir: string,
): Promise<string[]> {
  const path = join(host.dir, dir);
  const names = await statIfPresent(path) === undefined
    ? []
    : (await visibleNames(path, (entry) => !entry.isDirectory)).filter((name) =>
      name.endsWith(".pub")
    );
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(path, name))));
  const lines = texts.flatMap((text, index) => linesOf(text, join(path, names[index]!)));
  if (own !== undefined && await statIfPresent(own)) {
    lines.push(...linesOf(await publicOf(own), own));
  }
  return [...new Set(lines)].sort();
}

function linesOf(text: string, file: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  const odd = lines.find((line) =>
    !/(^|\s)(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]{16,}/.test(line)
  );
  if (odd !== undefined) {
    throw new UserError(`${file} has a line that is no public key: ${odd.slice(0, 40)}`);
  }
  return lines;
}

/** The public key beside a private one, or made from it. */
async function publicOf(path: string): Promise<string> {
  return await readTextIfPresent(`${path}.pub`) ?? await keygen(["-y", "-P", ""], path);
}

async function keygen(args: readonly string[], path: string): Promise<string> {
  try {
    const { success, stdout, stderr } = await new Deno.Command("ssh-keygen", {
      args: [...args, "-f", path],
      stdin: "null",
    }).output();
    if (success) return new TextDecoder().decode(stdout);
    throw new UserError(`ssh-keygen: ${new TextDecoder().decode(stderr).trim()}`, {
      hint: `put the public key into ${path}.pub`,
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`Cannot start ssh-keygen: ${messageOf(error)}`, {
      hint: "install the package openssh-client",
    });
  }
}
