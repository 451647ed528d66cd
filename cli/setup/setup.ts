/** One run of `sns host setup` on one host: what its steps share. */
import { type Host, HostError, type HostProgram } from "../../daemon/mod.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { type Cluster, findCluster } from "../project/cluster.ts";
import { getHost, type HostDir } from "../project/host.ts";
import { AS_ROOT, SETUP_PROGRAMS } from "../remote/setup/programs.ts";
import { parseStepLine, Report, type StepLine } from "./report.ts";

const TIMEOUT_MS = 900_000;

export type SetupProgram = keyof typeof SETUP_PROGRAMS;

/** Options that every setup command has. */
export interface SetupFlags {
  readonly host: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export interface Setup {
  readonly deps: Deps;
  readonly cluster: Cluster;
  readonly host: HostDir;
  /** Only look, change nothing. */
  readonly look: boolean;
  readonly report: Report;
}

/**
 * Runs `work` for one SSH host, and gives the exit code.
 *
 * @throws {UserError} when the host is a local one
 */
export async function setUp(
  deps: Deps,
  flags: SetupFlags,
  work: (setup: Setup) => Promise<void>,
): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const host = await getHost(cluster, flags.host);
  if (host.env.host === "local") {
    throw new UserError(`Cannot set up "${host.name}": it is a directory on this machine`, {
      hint: `sns host init ${host.name}`,
    });
  }
  const report = new Report(deps, flags.json);
  try {
    await work({ deps, cluster, host, look: flags.dryRun, report });
  } finally {
    deps.progress.set(host.name, undefined);
    report.end();
  }
  return report.code;
}

/** Tells of a step that was done here, not on the host. */
export function tell(
  { report, host }: Setup,
  step: string,
  result: StepLine["result"],
  text: string,
): void {
  report.add({ host: host.name, result, step, text });
}

/**
 * Runs a setup program as root on a host, and reports its steps as they come.
 *
 * @returns the step that waits to be confirmed, if one does
 * @throws {UserError} with what it says when it fails
 */
export async function runSteps(
  setup: Setup,
  login: Host,
  program: SetupProgram,
  args: readonly string[],
  more: { readonly stdin?: HostProgram["stdin"]; readonly mode?: "keep" } = {},
): Promise<StepLine | undefined> {
  const { deps, host, report } = setup;
  const { mode = setup.look ? "look" : "do", stdin } = more;
  const decoder = new TextDecoder();
  let [rest, pending]: [string, StepLine | undefined] = ["", undefined];
  deps.progress.set(host.name, "setting up");
  const { code, stderr } = await login.run({
    script: AS_ROOT,
    args: [SETUP_PROGRAMS[program], mode, ...args],
    ...(stdin === undefined ? {} : { stdin }),
    onStdout: (bytes) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const step = parseStepLine(host.name, line);
        if (step?.result === "pending") pending = step;
        else if (step !== undefined) report.add(step);
      }
    },
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code === 0) return pending;
  throw new UserError(`Cannot set up "${host.name}": ${stderr.trim() || `exit code ${code}`}`);
}

/** Whether a host could not be used because it did not let us in, or was not reached. */
export function isNoLogin(error: unknown): boolean {
  return error instanceof HostError && ["unreachable", "refused"].includes(error.reason);
}
