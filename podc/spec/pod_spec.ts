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
  /** Other versions of the pod on a host go on until this one is ready. */
  readonly startsFirst?: true;
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

export type Volume = PodmanVolume | HostVolume | ConfigVolume | RamdiskVolume;

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

/** Memory that a container sees as a directory, `ramdisk/<name>` beside the pod. */
export interface RamdiskVolume {
  readonly type: "ramdisk";
  readonly name: string;
  readonly sizeMiB: number;
}

export type RestartPolicy = "always" | "on-failure" | "never" | "on-config" | "on-interval";

/** What containers and executables have in common. Of what is absent the runtime's default holds. */
export interface Unit {
  readonly name: string;
  readonly env: readonly EnvVar[];
  readonly restart: RestartPolicy;
  /** Seconds from an end to the next start; there exactly with `restart` on-interval. */
  readonly intervalSeconds?: number;
  readonly expose: readonly Expose[];
  /** How the unit is told of changed configs, and on the action `signal`. */
  readonly signal?: Signal;
  readonly startupProbe?: StartupProbe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  /** Seconds between a graceful stop and the kill; 10 when absent. */
  readonly stopTimeoutSeconds?: number;
  /** Name without SIG, of the signal that asks for a stop; the image's or TERM when absent. */
  readonly stopSignal?: string;
}

export type Signal =
  /** `name` is without SIG, such as `HUP`. */
  | { readonly kind: "sig"; readonly name: string }
  /** Run in the container; for executables on the host, in the pod's directory. */
  | { readonly kind: "cmd"; readonly argv: readonly string[] };

/** When a unit counts as started, and who is told then. */
export interface StartupProbe {
  /** Seconds from the start; what takes longer has failed. */
  readonly timeoutSeconds: number;
  /** `exit`: it ended with code 0; `cmd`: the command did; `none`: at once. */
  readonly check:
    | { readonly kind: "exit" }
    | { readonly kind: "cmd"; readonly argv: readonly string[] }
    | { readonly kind: "none" };
  /** Names of containers of this pod to signal afterwards, in this order. */
  readonly signals: readonly string[];
}

/** A command that tells by exit code 0 that its unit is well. */
export interface Probe {
  readonly argv: readonly string[];
  /** Seconds that one run may take. */
  readonly timeoutSeconds: number;
  /** Seconds from the end of one run to the beginning of the next. */
  readonly intervalSeconds: number;
  /** Seconds from the unit's start to the first run. */
  readonly initialDelaySeconds: number;
  /** Failures in a row that count as one; at least 1. */
  readonly failureThreshold: number;
}

export interface Container extends Unit {
  readonly image: string;
  /** Replaces the image's entrypoint when given. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly network: "pod" | "host";
  readonly mounts: readonly Mount[];
  /** When the image is pulled; `missing` when absent. */
  readonly pull?: "missing" | "always" | "never";
  /** `user[:group]`, names or numbers; the image's when absent. */
  readonly user?: string;
  /** Whether nothing but mounts and tmpfs can be written to. */
  readonly readOnly?: boolean;
  /** Names without CAP_, such as `NET_ADMIN`. */
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly tmpfs?: readonly Tmpfs[];
  readonly resources?: Resources;
}

/** An empty directory in memory, for one container alone. */
export interface Tmpfs {
  /** Absolute path in the container. */
  readonly dest: string;
  /** Half of the host's memory when absent. */
  readonly sizeMiB?: number;
}

/** Limits; of what is absent there is none. */
export interface Resources {
  /** Processor cores, such as 0.5. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** Processes and threads. */
  readonly pids?: number;
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
  /** Configs are read-only anyway. */
  readonly readOnly?: boolean;
}

export interface Expose {
  /** Absent in an entry that carries nothing but ingress rules. */
  readonly port?: ExposedPort;
  readonly ingress: readonly IngressRule[];
}

export interface ExposedPort {
  /** `tcp` when absent. */
  readonly protocol?: "tcp" | "udp";
  readonly hostPort: number;
  /** Port inside the pod. For executables it equals `hostPort`: the program itself listens there. */
  readonly targetPort: number;
  /** Overrides the interface the pod is started with: an IPv4 or IPv6 address without brackets. */
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
