/** The official pods, embedded: attach finds them by name where PODPATH has no such pod. */
import proxyConf from "./proxy/config/conf/proxy.conf" with { type: "text" };
import proxyPod from "./proxy/pod.yaml" with { type: "text" };

/** The source of a pod that comes with the program. */
export interface OfficialPod {
  readonly name: string;
  /** pod.yaml as written. */
  readonly podYaml: string;
  /** Texts of the files below `config/`, by their path relative to it. */
  readonly configs: ReadonlyMap<string, string>;
}

/** All official pods, by name. */
export const OFFICIAL_PODS: ReadonlyMap<string, OfficialPod> = new Map([
  ["proxy", {
    name: "proxy",
    podYaml: proxyPod,
    configs: new Map([["conf/proxy.conf", proxyConf]]),
  }],
]);
