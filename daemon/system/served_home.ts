/** How one host home is served: with which privileges, and what root does for it. */
import { runChild } from "../host/child.ts";
import type { Account } from "./account.ts";
import { HomeKeeper } from "./home_keeper.ts";
import { type HomeRequest, startHomeProcess } from "./home_process.ts";
import { accountEnvironment, asAccount, rootEnvironment } from "./privilege.ts";
import { runtimeDirOf } from "./runtime_dir.ts";
import { INTERNAL } from "./self.ts";
import type { SystemOptions } from "./system.ts";

/** Milliseconds that a home's process may take to end: its pods' commands may take 30 s, their end 40 s. */
const END_MS = 50_000;
const QUIET_MS = 60_000;
/** Milliseconds that mounting may take. */
const RAMDISK_MS = 15_000;

/** The keeper of `home`, which belongs to `account`. */
export function keeperOf(account: Account, home: string, options: SystemOptions): HomeKeeper {
  const { log, env, command, stop, homeArguments = [] } = options;
  return new HomeKeeper(home, {
    log,
    now: () => ({ mono: performance.now(), wall: Date.now() }),
    start: async (control) => {
      log("INFO", `Host home ${home}: serving it as ${account.name}`);
      const runtimeDir = await runtimeDirOf(account, { log, signal: stop });
      return startHomeProcess({
        ...control,
        argv: asAccount(account, [...command, INTERNAL.home, ...homeArguments, home]),
        env: accountEnvironment(account, env, runtimeDir),
        quietMs: options.quietMs ?? QUIET_MS,
        endMs: END_MS,
        onRequest: (request) => callRamdisk(account, home, request, options),
      });
    },
  });
}

/** @throws what the process that works on the ramdisks says went wrong */
async function callRamdisk(
  { uid, gid }: Account,
  home: string,
  request: HomeRequest,
  { command, env }: SystemOptions,
): Promise<void> {
  const { kind, pod, version } = request;
  const disks = request.kind === "mount"
    ? [String(gid), ...request.disks.map(({ name, mib }) => `${name}:${mib}M`)]
    : [];
  const { code, stderr } = await runChild({
    argv: [...command, INTERNAL.ramdisk, kind, home, pod, version, String(uid), ...disks],
    cwd: "/",
    env: rootEnvironment(env),
    timeoutMs: RAMDISK_MS,
    maxOutputBytes: 64 * 1024,
    overflow: "keep-last",
    lingerMs: 200,
  });
  if (code === 0) return;
  const text = new TextDecoder().decode(stderr).trim();
  throw new Error(text.replace(/^\S*\[ERROR\] +/, "") || `${kind} ended with ${code}`);
}
