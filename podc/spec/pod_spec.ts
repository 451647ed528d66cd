/**
 * What a pod.yaml says, checked and with defaults filled in. Made by `validate`, read by the
 * renderers; every string is literal, as the container or program is to receive it.
 */

/** A pod: containers that share a network, or programs on the host itself. */
export type PodSpec = ContainerPod | ExecutablePod | ExecutableFilePod;

interface PodBase {
  /** Pod name: lowercase letter, then `a-z0-9_`. */
  readonly name: string;
  /** Semantic version, e.g. `1.2.3` or `1.2.3-rc.1`. */
  readonly version: string;
  /** Value of `api` as written. */
  readonly api: string;
  readonly labels: readonly Label[];
  readonly volumes: readonly Volume[];
}

/** Containers run by rootless podman. */
export interface ContainerPod extends PodBase {
  readonly kind: "containers";
  readonly containers: readonly Container[];
}

/** A program that runs on the host under the pod's supervisor. */
export interface ExecutablePod extends PodBase {
  readonly kind: "executable";
  readonly executable: Executable;
}

/** A program of the user's that speaks the Pod API itself and becomes the `pod` file. */
export interface ExecutableFilePod extends PodBase {
  readonly kind: "executable-file";
  /** Absolute path of the program. */
  readonly file: string;
}

export interface Label {
  readonly name: string;
  readonly value: string;
}

export type Volume = PodmanVolume | HostVolume | ConfigVolume;

export interface PodmanVolume {
  readonly type: "volume";
  readonly name: string;
  readonly shared: "no" | "pod" | "host";
}

export interface HostVolume {
  readonly type: "host";
  readonly name: string;
  /** Absolute path on the host. */
  readonly bind: string;
}

export interface ConfigVolume {
  readonly type: "config";
  readonly name: string;
}

export type RestartPolicy = "always" | "on-failure" | "never";

/** What containers and executables have in common. */
export interface Unit {
  readonly name: string;
  readonly env: readonly EnvVar[];
  readonly restart: RestartPolicy;
  readonly expose: readonly Expose[];
}

export interface Container extends Unit {
  readonly image: string;
  /** Replaces the image's entrypoint when given. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly network: "pod" | "host";
  readonly mounts: readonly Mount[];
}

export interface Executable extends Unit {
  /** Program (an absolute path, one with a slash relative to the pod's directory, or found on PATH) and its arguments. */
  readonly command: readonly string[];
}

export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

export interface Mount {
  /** Name of a declared volume. */
  readonly volume: string;
  /** Absolute path in the container. */
  readonly dest: string;
}

export interface Expose {
  /** Absent in an entry that carries nothing but ingress rules. */
  readonly port?: ExposedPort;
  readonly ingress: readonly IngressRule[];
}

export interface ExposedPort {
  readonly hostPort: number;
  /** Port inside the pod. For executables it equals `hostPort`: the program itself listens there. */
  readonly targetPort: number;
  /** Overrides the interface the pod is started with. */
  readonly hostInterface?: string;
  readonly clusterPort?: number;
  readonly maxConn: number;
  readonly sendProxy: boolean;
}

export interface IngressRule {
  readonly protocol: "http" | "https" | "tcp";
  readonly bind: number;
  readonly domain: readonly string[];
  readonly weight: number;
  readonly path: readonly string[];
  readonly pathBeg: readonly string[];
  readonly pathEnd: readonly string[];
  readonly action: IngressAction;
}

export type IngressAction =
  | { readonly kind: "server"; readonly clusterPort: number }
  | { readonly kind: "redirectToHttps" }
  | { readonly kind: "redirectLocation"; readonly url: string }
  | { readonly kind: "redirectPrefix"; readonly url: string }
  | { readonly kind: "errorfile"; readonly code: number; readonly path: string };

/** The units that a pod's supervisor looks after, in order of definition. */
export function unitsOf(pod: PodSpec): readonly Unit[] {
  switch (pod.kind) {
    case "containers":
      return pod.containers;
    case "executable":
      return [pod.executable];
    case "executable-file":
      return [];
  }
}
