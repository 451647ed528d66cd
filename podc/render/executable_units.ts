/** The part of the script that is special to a program on the host. */
import type { ExecutablePod } from "../spec/pod_spec.ts";
import { assign, commandLine, shellFunction } from "./shell.ts";
import { supervisionFunctions } from "./supervision.ts";
import { portSummary, specLines, type UnitsSource } from "./unit.ts";

export function executableUnits(pod: ExecutablePod): UnitsSource {
  const { executable } = pod;
  const command = commandLine(executable.command);
  // A program reads its configs where they are: all of them are its own.
  const configs = pod.volumes.flatMap(({ type, name }) => (type === "config" ? [name] : []));
  return {
    summary: [
      [`${command}, restart ${executable.restart}`, portSummary(executable)]
        .filter((part) => part !== "").join(", "),
    ],
    functions: [
      shellFunction(
        `spec_${executable.name}`,
        "the program",
        [
          ...specLines(executable, { image: "", network: "host", mounts: [], configs }),
          assign("stop_signal", executable.stopSignal ?? "TERM"),
        ],
      ),
      shellFunction(`launch_${executable.name}`, "becomes the program", [
        ...executable.env.map(({ name, value }) => `export ${assign(name, value)}`),
        `become setsid ${command}`,
      ]),
      ...supervisionFunctions(executable),
    ],
    volumes: [],
    ramdisks: [],
  };
}
