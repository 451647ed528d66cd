/** Names of pods, versions and hosts as people write them: `pod[:version][@host]`. */
import { isPodName, isVersion } from "../../podc/mod.ts";
import { UserError } from "../errors.ts";

export interface PodRef {
  readonly pod: string;
  /** A version, or `latest`; absent when none was given. */
  readonly version?: string;
  readonly host?: string;
}

/**
 * Reads `pod[:version][@host]`.
 *
 * @throws {UserError} when a part is malformed
 */
export function parsePodRef(text: string): PodRef {
  const match = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(text);
  const [, pod = "", version, host] = match ?? [];
  const refuse = (why: string): never => {
    throw new UserError(`Cannot read "${text}" as a pod: ${why}`, {
      hint: "write it as pod, pod:version, pod@host or pod:version@host",
    });
  };
  if (!isPodName(pod)) {
    refuse(`"${pod}" is no pod name (a lowercase letter, then letters, digits and underscores)`);
  }
  if (version !== undefined && version !== "latest" && !isVersion(version)) {
    refuse(`"${version}" is no version like 1.2.3 or 1.2.3-rc.1, nor "latest"`);
  }
  if (host !== undefined && !isHostName(host)) refuse(`"${host}" is no host name`);
  return {
    pod,
    ...(version === undefined ? {} : { version }),
    ...(host === undefined ? {} : { host }),
  };
}

/** The inverse of {@link parsePodRef}. */
export function formatPodRef({ pod, version, host }: PodRef): string {
  return pod + (version === undefined ? "" : `:${version}`) +
    (host === undefined ? "" : `@${host}`);
}

/** Whether `text` may name a host or a cluster: letters, digits, `_` and `-`. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(text);
}
