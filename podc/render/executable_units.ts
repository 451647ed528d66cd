/** The part of the script that is special to a program on the host. */
import type { ExecutablePod } from "../spec/pod_spec.ts";
import { assign, commandLine, shellFunction } from "./shell.ts";
import { portSummary, specLines, type UnitsSource } from "./unit.ts";

export function executableUnits(pod: ExecutablePod): UnitsSource {
  const { executable } = pod;
  const command = commandLine(executable.command);
  return {
    summary: [
      [`${command}, restart ${executable.restart}`, portSummary(executable)]
        .filter((part) => part !== "").join(", "),
    ],
    functions: [
      shellFunction(
        `spec_${executable.name}`,
        "the program",
        specLines(executable, {
          image: "",
          network: "host",
          mounts: [],

          configs: [],
        }),
      ),
      shellFunction(`launch_${executable.name}`, "becomes the program", [
        ...executable.env.map(({ name, value }) => `export ${assign(name, value)}`),
        `become setsid ${command}`,
      ]),
    ],
    volumes: [],
  };
}
