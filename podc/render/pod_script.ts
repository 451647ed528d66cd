/**
 * The compiled pod: a header that says what it is, the pod's own data and commands, and the
 * runtime, which is the same in every pod.
 */
import { VERSION } from "../../proxy/conf/mod.ts";
import { START_FIRST_LINE } from "../api/update_order.ts";
import { podObjectName } from "../podman/names.ts";
import type { ContainerPod, ExecutablePod } from "../spec/pod_spec.ts";
import { containerUnits } from "./container_units.ts";
import { executableUnits } from "./executable_units.ts";
import { runtimeSource } from "./runtime.ts";
import { asComment, assign } from "./shell.ts";
import { exposedPorts, longestStop } from "./unit.ts";

/** The text of the executable `pod`; the same spec always gives the same text. */
export function renderPodScript(pod: ContainerPod | ExecutablePod): string {
  const units = pod.kind === "containers" ? pod.containers : [pod.executable];
  const source = pod.kind === "containers" ? containerUnits(pod) : executableUnits(pod);
  const sections = [
    header(pod, source.summary),
    [
      assign("pod_name", pod.name),
      assign("pod_version", pod.version),
      assign("pod_api", pod.api),
      assign("pod_runtime", pod.kind === "containers" ? "podman 1.0.0" : "executable 1.0.0"),
      assign("pod", podObjectName(pod)),
      assign("units", units.map(({ name }) => name).join(" ")),
      assign("labels", pod.labels.map(({ name, value }) => `${name}=${value}`).join(" ")),
      assign("host_ports", exposedPorts(units).map(({ hostPort }) => hostPort).join(" ")),
      assign("volumes", source.volumes.map((line) => `${line}\n`).join("")),
      ...(pod.kind === "containers"
        ? [assign("ramdisks", source.ramdisks.map((line) => `${line}\n`).join(""))]
        : []),
      assign(
        "all_configs",
        pod.volumes.flatMap(({ type, name }) => (type === "config" ? [name] : [])).join(" "),
      ),
      assign("longest_stop", String(longestStop(units))),
    ].join("\n"),
    ...source.functions,
    runtimeSource(pod.kind),
  ];
  return sections.join("\n\n").trimEnd() + "\n";
}

function header(pod: ContainerPod | ExecutablePod, summary: readonly string[]): string {
  const what = pod.kind === "containers" ? "containers run by podman" : "a program on the host";
  return [
    "#!/bin/sh",
    `# ${pod.name} ${pod.version}: ${what}. Compiled by podc ${VERSION}; try: ./pod help`,
    "#",
    ...(pod.startsFirst ? [START_FIRST_LINE, "#"] : []),
    ...summary.map((line) => `#   ${asComment(line)}`),
    "#",
    '# What is special about this pod comes first; from the line "runtime" on all pods are alike.',
    "",
    "set -u",
    'case $0 in */*) cd -- "${0%/*}" || exit 1 ;; esac',
    "self_name=${0##*/}",
    "self=$PWD/$self_name",
  ].join("\n");
}
