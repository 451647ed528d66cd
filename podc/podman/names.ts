/** Names of podman objects; others know them, so they are as they always were. */
import type { PodmanVolume, PodSpec } from "../spec/pod_spec.ts";

/** `<pod>-<version>`: the podman pod, and the suffix of everything that belongs to it. */
export function podObjectName(pod: Pick<PodSpec, "name" | "version">): string {
  return `${pod.name}-${pod.version}`;
}

/** The podman volume behind `volume`: of this version, of all versions of the pod, or of the host. */
export function volumeObjectName(
  volume: PodmanVolume,
  pod: Pick<PodSpec, "name" | "version">,
): string {
  switch (volume.shared) {
    case "no":
      return `${volume.name}-${podObjectName(pod)}`;
    case "pod":
      return `${volume.name}-${pod.name}`;
    case "host":
      return volume.name;
  }
}
