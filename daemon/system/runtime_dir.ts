/** The runtime directory of an account, which rootless podman keeps its state in. */
import { messageOf } from "../files.ts";
import { runChild } from "../host/child.ts";
import type { Log } from "../log.ts";
import type { Account } from "./account.ts";

export interface RuntimeDirDeps {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Where the runtime directories are; only root may write there. */
  readonly parent?: string;
}

/**
 * The path of the account's runtime directory, made when it is missing: by systemd where that runs, as
 * it would else mount its own over ours at the next login.
 *
 * @returns `undefined` when there is none and none can be made
 */
export async function runtimeDirOf(
  account: Account,
  { log, signal, parent = "/run/user" }: RuntimeDirDeps,
): Promise<string | undefined> {
  const path = `${parent}/${account.uid}`;
  if (belongsTo(account, path)) return path;
  if (isDirectory("/run/systemd/system")) {
    await startUserManager(account, log, signal);
    if (belongsTo(account, path)) return path;
  }
  try {
    Deno.mkdirSync(parent, { recursive: true, mode: 0o755 });
    Deno.mkdirSync(path, { mode: 0o700 });
    Deno.chownSync(path, account.uid, account.gid);
    return path;
  } catch (error) {
    log("WARN", `No runtime directory for ${account.name}: ${messageOf(error)}`);
    return undefined;
  }
}

async function startUserManager(account: Account, log: Log, signal: AbortSignal): Promise<void> {
  try {
    const { code, stderr } = await runChild({
      argv: ["systemctl", "start", `user@${account.uid}.service`],
      timeoutMs: 30_000,
      signal,
      maxOutputBytes: 64 * 1024,
      overflow: "keep-last",
      lingerMs: 200,
    });
    if (code === 0) return;
    log("WARN", `user@${account.uid}.service: ${new TextDecoder().decode(stderr).trim()}`);
  } catch (error) {
    log("WARN", `user@${account.uid}.service: ${messageOf(error)}`);
  }
}

function belongsTo(account: Account, path: string): boolean {
  return isDirectory(path) && Deno.lstatSync(path).uid === account.uid;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
