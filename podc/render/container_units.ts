/** The part of the script that is special to a pod of containers. */
import { containerRunWords, isInherited, volumeOf } from "../podman/container_run.ts";
import { volumeObjectName } from "../podman/names.ts";
import { podCreateWords } from "../podman/pod_create.ts";
import type { Container, ContainerPod, Volume } from "../spec/pod_spec.ts";
import { assign, commandLine, shellFunction } from "./shell.ts";
import { supervisionFunctions } from "./supervision.ts";
import { portSummary, specLines, type UnitsSource } from "./unit.ts";

export function containerUnits(pod: ContainerPod): UnitsSource {
  const words = podCreateWords(pod);
  return {
    summary: pod.containers.map((container) =>
      [
        `${container.name}: ${container.image}, restart ${container.restart}`,
        portSummary(container),
      ]
        .filter((part) => part !== "").join(", ")
    ),
    functions: [
      shellFunction("create_podman_pod", '"IP:" of the interface or nothing, options', [
        ...(words.some((word) => word.includes('"$at"')) ? ["at=$1"] : []),
        "shift",
        continued("podman_now pod create", ['"$@"', ...words]),
      ]),
      ...pod.containers.flatMap((container) => [
        shellFunction(
          `spec_${container.name}`,
          `container ${container.name}`,
          spec(container, pod),
        ),
        ...launch(container, pod),
        ...supervisionFunctions(container),
      ]),
    ],
    ramdisks: pod.volumes.flatMap((volume) =>
      volume.type === "ramdisk" ? [`${volume.name} ${volume.sizeMiB}`] : []
    ),
    volumes: pod.volumes.flatMap((volume) =>
      volume.type === "volume" ? [`${volumeObjectName(volume, pod)} ${volume.shared}`] : []
    ),
  };
}

function launch(container: Container, pod: ContainerPod): string[] {
  const inherited = container.env.filter(isInherited)
    .map(({ name, value }) => `${name}=${value}`);
  const run = continued("run_container", containerRunWords(container, pod));
  if (inherited.length === 0) {
    return [shellFunction(`launch_${container.name}`, container.image, [run])];
  }
  const become = `become_with_env_${container.name}`;
  return [
    shellFunction(become, "what podman would change in an option", [
      `become env ${commandLine(inherited)} "$@"`,
    ]),
    shellFunction(`launch_${container.name}`, container.image, [`become_podman=${become}`, run]),
  ];
}

function spec(container: Container, pod: ContainerPod): string[] {
  const mounts = container.mounts.map((mount) => ({ mount, volume: volumeOf(mount, pod) }));
  const hostPaths = mounts.flatMap(({ volume }) => (volume.type === "host" ? [volume.bind] : []));
  const lines = specLines(container, {
    image: container.image,
    network: container.network === "host" ? "host" : "",
    mounts: mounts.map(({ mount, volume }) => `${source(volume, pod)}:${mount.dest}`),
    configs: mounts.flatMap(({ volume }) => (volume.type === "config" ? [volume.name] : [])),
  });
  return [
    ...lines,
    assign("pull", container.pull ?? "missing"),
    assign("host_paths", hostPaths.map((path) => `${path}\n`).join("")),
  ];
}

function source(volume: Volume, pod: ContainerPod): string {
  switch (volume.type) {
    case "volume":
      return volumeObjectName(volume, pod);
    case "host":
      return volume.bind;
    case "ramdisk":
      return `./ramdisk/${volume.name}`;
    case "config":
      return `./config/${volume.name}`;
  }
}

/** One command over several lines, a word or option each. */
function continued(command: string, words: readonly string[]): string {
  return [command, ...words].join(" \\\n    ");
}
