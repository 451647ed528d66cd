/** A container of the spec -> the words after `podman run`, as shell source. */
import type {
  Container,
  ContainerPod,
  EnvVar,
  Mount,
  PodmanVolume,
  Volume,
} from "../spec/pod_spec.ts";
import { quote } from "../render/shell.ts";
import { volumeObjectName } from "./names.ts";

/** One option of `podman run` or the image or an argument: a line of the generated script. */
export type ShellWords = string;

/**
 * The options, image and arguments of one container, each as shell source. Values are literal;
 * the only things the shell fills in are `$object`, the name of the podman pod, `$suffix` and the pod's own directory, `$PWD`.
 */
export function containerRunWords(container: Container, pod: ContainerPod): ShellWords[] {
  const words: ShellWords[] = [
    container.network === "host" ? "--network host" : '--pod "$object"',
    ...container.env.map((variable) =>
      `--env ${isInherited(variable) ? variable.name : quote(`${variable.name}=${variable.value}`)}`
    ),
    ...container.mounts.map((mount) => `--volume ${mountSource(mount, pod)}`),
    ...limitWords(container),
  ];
  if (container.workingDir !== undefined) words.push(`--workdir ${quote(container.workingDir)}`);
  if (container.command) words.push(`--entrypoint ${quote(JSON.stringify(container.command))}`);
  words.push(quote(container.image));
  if (container.args.length > 0) words.push(container.args.map(quote).join(" "));
  return words;
}

/**
 * Whether podman has to be given the variable in its own environment, for it to pass on: in an option
 * it makes a line feed of a carriage return with a line feed.
 */
export function isInherited({ value }: EnvVar): boolean {
  return value.includes("\r\n");
}

/** What the container may do and use. */
function limitWords(container: Container): ShellWords[] {
  const { stopSignal, user, readOnly, capAdd = [], capDrop = [], tmpfs = [] } = container;
  const { cpus, memoryBytes, pids } = container.resources ?? {};
  return [
    ...tmpfs.map(({ dest, sizeMiB }) =>
      // Open to all, as /tmp is: the container's user is often not root.
      `--tmpfs ${
        quote(`${dest}:notmpcopyup,mode=1777${sizeMiB === undefined ? "" : `,size=${sizeMiB}m`}`)
      }`
    ),
    ...(readOnly ? ["--read-only"] : []),
    ...(user === undefined ? [] : [`--user ${quote(user)}`]),
    ...capDrop.map((name) => `--cap-drop ${quote(name)}`),
    ...capAdd.map((name) => `--cap-add ${quote(name)}`),
    ...(cpus === undefined ? [] : [`--cpus ${cpus}`]),
    ...(memoryBytes === undefined ? [] : [`--memory ${memoryBytes}b`]),
    ...(pids === undefined ? [] : [`--pids-limit ${pids}`]),
    ...(stopSignal === undefined ? [] : [`--stop-signal ${quote(stopSignal)}`]),
  ];
}

function mountSource(mount: Mount, pod: ContainerPod): ShellWords {
  const volume = volumeOf(mount, pod);
  const access = mount.readOnly ? "ro" : "rw";
  switch (volume.type) {
    case "volume":
      return volumeName(volume, pod) + quote(`:${mount.dest}:z,${access}`);
    case "host":
      return quote(`${volume.bind}:${mount.dest}:z,${access},dev`);
    case "ramdisk":
      return `"$PWD"${quote(`/ramdisk/${volume.name}:${mount.dest}:z,${access}`)}`;
    case "config":
      return `"$PWD"${quote(`/config/${volume.name}:${mount.dest}:z,ro`)}`;
  }
}

function volumeName(volume: PodmanVolume, pod: ContainerPod): ShellWords {
  const name = quote(volumeObjectName(volume, pod));
  return volume.shared === "host" ? name : `${name}"$suffix"`;
}

/** The volume that `mount` names; validation has made sure that there is one. */
export function volumeOf(mount: Mount, pod: ContainerPod): Volume {
  const volume = pod.volumes.find(({ name }) => name === mount.volume);
  if (!volume) throw new Error(`No volume "${mount.volume}" in pod ${pod.name}`);
  return volume;
}
