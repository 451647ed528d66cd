/** What sync compares: the state of a host as the project wants it, and as it was seen. */
import type { PodState } from "../../podc/mod.ts";

/** Checksums of a config directory: of its files' content, and of its modes, links and directories. */
export interface ConfigSums {
  readonly checksum: string;
  readonly shape: string;
}

export interface DesiredRelease {
  readonly pod: string;
  readonly version: string;
  readonly state: PodState;
  /** Other versions of the pod go on until this one is ready, see `updateOrder` in pod.yaml. */
  readonly startsFirst?: boolean;
  /** sha256 of its files (pod, pod.portmappings.conf, pod.ingress.conf) by name. */
  readonly files: ReadonlyMap<string, string>;
  readonly configs: ReadonlyMap<string, ConfigSums>;
}

/** A host as the project wants it. */
export interface DesiredHost {
  readonly name: string;
  readonly clusterId: string;
  readonly hostsConf: string;
  /** Full ids of HEAD's history, HEAD last. */
  readonly chain: readonly string[];
  readonly releases: readonly DesiredRelease[];
}

export interface ObservedRelease {
  readonly pod: string;
  readonly version: string;
  /** Text of pod.state. */
  readonly state: string;
  readonly files: ReadonlyMap<string, string>;
  /** An absent or unfinished checksum is `undefined`, as is the shape where older programs synced. */
  readonly configs: ReadonlyMap<string, Partial<ConfigSums>>;
  /** Configs whose content is not what their stored checksum says: changed by hand, or by a program. */
  readonly changed?: ReadonlySet<string>;
}

/** A host as it was seen. */
export interface ObservedHost {
  /** Empty when there is none. */
  readonly clusterId: string;
  readonly chain: readonly string[];
  /** `undefined` when there is none. */
  readonly hostsConf?: string;
  /** Number of the last lock that was taken there. */
  readonly fence: number;
  /** Those with a pod.state. */
  readonly releases: readonly ObservedRelease[];
}
