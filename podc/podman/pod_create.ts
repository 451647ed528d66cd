/** A pod of the spec -> the words after `podman pod create`, as shell source. */
import type { ContainerPod } from "../spec/pod_spec.ts";
import { quote } from "../render/shell.ts";
import type { ShellWords } from "./container_run.ts";

/**
 * The options of the podman pod. The ports of its containers are published here, because they
 * share its network; `$at` stands for the interface that the pod is started with, `IP:` or nothing.
 */
export function podCreateWords(pod: ContainerPod): ShellWords[] {
  const ports = pod.containers
    .filter((container) => container.network === "pod")
    .flatMap((container) => container.expose)
    .flatMap(({ port }) => (port ? [port] : []));
  return [
    '--name "$object"',
    '--label "simplenetes.name=$pod_name"',
    ...pod.labels.map(({ name, value }) => `--label ${quote(`${name}=${value}`)}`),
    ...ports.map(({ hostInterface, hostPort, targetPort, protocol }) => {
      const mapping = `${hostPort}:${targetPort}${protocol === "udp" ? "/udp" : ""}`;
      return hostInterface === undefined
        ? `--publish "$at"${mapping}`
        : `--publish ${quote(`${bracketed(hostInterface)}:${mapping}`)}`;
    }),
  ];
}

/** An address as it stands before a port: IPv6 in brackets. */
export function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
