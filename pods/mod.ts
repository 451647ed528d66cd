/** The official pods, embedded: attach finds them by name where PODPATH has no such pod. */
import { ingress } from "./ingress/mod.ts";
import certsList from "./letsencrypt/config/certs_list/certs.txt" with { type: "text" };
import letsencryptPod from "./letsencrypt/pod.yaml" with { type: "text" };
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
  ["ingress", ingress],
  ["letsencrypt", {
    name: "letsencrypt",
    podYaml: letsencryptPod,
    configs: new Map([["certs_list/certs.txt", certsList]]),
  }],
  ["proxy", {
    name: "proxy",
    podYaml: proxyPod,
    configs: new Map([["conf/proxy.conf", proxyConf]]),
  }],
]);
