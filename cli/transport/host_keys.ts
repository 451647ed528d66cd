/** The project's known_hosts: whether a machine is the one that the project knows. */
import { join } from "node:path";
import { readTextIfPresent, writeFileAtomic } from "../project/files.ts";
import { HopError } from "./hop_error.ts";
import {
  fingerprint,
  fingerprintOf,
  judgeHostKey,
  keyType,
  type KeyVerdict,
  type KnownHost,
  knownHostName,
  parseKnownHosts,
  recordedTypes,
  withHostKey,
} from "./known_hosts.ts";
import type { Hop } from "./route.ts";

/** The file of a project that holds the host keys. */
export function knownHostsPath(root: string): string {
  return join(root, "known_hosts");
}

/** The host keys that a project knows. */
export class HostKeys {
  private constructor(readonly path: string, private hosts: readonly KnownHost[]) {}

  static async load(root: string): Promise<HostKeys> {
    const path = knownHostsPath(root);
    return new HostKeys(path, parseKnownHosts(await readTextIfPresent(path) ?? ""));
  }

  judge(hop: Hop, key: Uint8Array): KeyVerdict {
    return judgeHostKey(this.hosts, nameOf(hop), key);
  }

  recordedTypes(hop: Hop): string[] {
    return recordedTypes(this.hosts, nameOf(hop));
  }

  /**
   * Checks the key that a hop shows.
   *
   * @param target the host that is to be reached, which `sns host trust` is told
   * @throws {HopError} when it is not the one that is recorded
   */
  require(hop: Hop, key: Uint8Array, target: string): void {
    const verdict = this.judge(hop, key);
    if (verdict.kind === "known") return;
    const shown = `${keyType(key)} ${fingerprint(key)}`;
    const machine = `"${hop.name}" (${hop.address}:${hop.port})`;
    if (verdict.kind === "unknown") {
      throw new HopError("refused", `the host key of ${machine} is not known yet: ${shown}`, {
        hint: `sns host trust ${target}`,
      });
    }
    if (verdict.kind === "revoked") {
      throw new HopError(
        "refused",
        `the host key of ${machine} is revoked: ${shown} (${this.places(verdict.recorded)})`,
      );
    }
    throw new HopError(
      "refused",
      `the host key of ${machine} has changed: it shows ${shown}, recorded is ` +
        `${this.places(verdict.recorded)}. It was installed anew, or something in between` +
        " pretends to be it",
      {
        hint:
          "compare the fingerprint on the host (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)," +
          ` then: sns host trust ${target}`,
      },
    );
  }

  /** Lines of the file, with the keys that they hold. */
  places(lines: readonly KnownHost[]): string {
    return lines.map((line) => `${line.type} ${fingerprintOf(line)} (${this.path}:${line.line})`)
      .join(", ");
  }

  /** Records `key` as the key of a hop, in place of what was there. */
  async record(hop: Hop, key: Uint8Array): Promise<void> {
    const text = withHostKey(await readTextIfPresent(this.path) ?? "", nameOf(hop), key);
    await writeFileAtomic(this.path, text, 0o644);
    this.hosts = parseKnownHosts(text);
  }
}

/** The name in known_hosts. */
function nameOf({ address, port, keyPort, flags }: Hop): string {
  return flags.hostKeyAlias ?? knownHostName(address, keyPort ?? port);
}
