import { object } from "@optique/core/constructs";
import { defineCommand, flag, hostArgument, jsonFlag } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost, type HostDir } from "../../project/host.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";
import { describeLock, type LockState, parseLockState } from "../../sync/lock_state.ts";
import { confirm } from "../../ui/confirm.ts";
import { formatJson } from "../../ui/table.ts";

export interface UnlockOptions {
  readonly host: string;
  readonly yes: boolean;
  readonly json: boolean;
}

const TIMEOUT_MS = 30_000;

export const definition = defineCommand<UnlockOptions>({
  description:
    "Shows who holds the lock of a host, and breaks it when you say yes. The sync that held" +
    " it is refused from then on. A lock that has expired needs no breaking: the next sync takes it" +
    " over.\nWith --json it only shows, unless --yes is there, too.",
  example: "sns host unlock web1\nsns host unlock web1 --yes",
  parser: object({
    host: hostArgument(),
    yes: flag(["-y", "--yes"], "Break it without asking"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { host: name, yes, json }: UnlockOptions): Promise<number> {
  const host = await getHost(await findCluster(deps.cwd, deps.env), name);
  const lock = parseLockState(await call(deps, host, "showLock", []));
  if (json) deps.stdout(formatJson({ host: name, locked: lock.token !== "", ...lock }));
  if (lock.token === "") {
    deps.log.info(`Nothing to do: "${name}" is not locked`);
    return 0;
  }
  deps.log.info(`"${name}" is ${describeLock(lock)}`);
  if (json && !yes) return 0;
  if (!await confirm(deps, `Break the lock of "${name}"?`, yes)) {
    deps.log.info("The lock stays");
    return 1;
  }
  await breakLock(deps, host, lock);
  deps.log.ok(`Broke the lock of "${name}"`);
  return 0;
}

async function breakLock(deps: Deps, host: HostDir, { fence, token }: LockState): Promise<void> {
  await call(deps, host, "breakLock", [String(fence), token]);
}

async function call(
  deps: Deps,
  host: HostDir,
  program: "showLock" | "breakLock",
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS[program],
    args: [host.env.hostHome, ...args],
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new UserError(`Cannot unlock "${host.name}": ${stderr.trim()}`);
}
