/** The command `simplenetesd status`. */
import { resolve } from "node:path/posix";
import { messageOf, readSafely } from "../files.ts";
import { runChild } from "../host/child.ts";
import { homePaths } from "../host/layout.ts";
import { startTickOf } from "../process_table.ts";
import type { ServedHome } from "../system/homes.ts";
import { asAccount } from "../system/privilege.ts";
import { parseSystemReport, RUN_DIR, systemPaths } from "../system/system_report.ts";
import { type HomeReport, parseReport } from "./report.ts";
import { formatStatus, type HomeStatus } from "./text.ts";

/** Bytes of a report that are read. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Milliseconds that reading one home's report may take: its directory may be a user's file system. */
const READ_MS = 5_000;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The status of one home, or of all that this user may see: root those of everyone.
 *
 * @throws when no daemon runs there
 */
export async function showStatus(
  { home, json }: { readonly home?: string; readonly json: boolean },
  env: Env,
): Promise<string> {
  const homes = home === undefined ? await allHomes(env) : [ownHome(resolve(home))];
  if (json) return `${JSON.stringify({ homes }, undefined, 2)}\n`;
  return formatStatus(homes, Date.now());
}

function ownHome(home: string): HomeStatus {
  const path = homePaths(home).daemonStatus;
  const file = readSafely(path, MAX_BYTES);
  const report = file && parseReport(file.text);
  if (!report || startTickOf(report.pid) !== report.startTick) {
    const last = report ? ` (the last one, pid ${report.pid}, is gone)` : "";
    throw new Error(
      `No simplenetesd serves ${home}${last}. Start one with "simplenetesd ${home}", ` +
        'or the system\'s with "systemctl start simplenetesd"',
    );
  }
  return { home, phase: "serving", pid: report.pid, failures: 0, pods: report.pods };
}

async function allHomes(env: Env): Promise<readonly HomeStatus[]> {
  const path = systemPaths(env.SIMPLENETESD_RUN_DIR || RUN_DIR).report;
  const file = readSafely(path, MAX_BYTES);
  const report = file && parseSystemReport(file.text);
  if (!report || startTickOf(report.pid) !== report.startTick) {
    throw new Error(
      'No simplenetesd serves this system. Start it with "systemctl start simplenetesd", ' +
        'or name the host home of one that runs: "simplenetesd status ~/cluster-host"',
    );
  }
  const uid = Deno.uid();
  const visible = report.homes.filter((home) => uid === 0 || home.uid === uid);
  return await Promise.all(visible.map((home) => statusOf(home, uid)));
}

async function statusOf(served: ServedHome, uid: number | null): Promise<HomeStatus> {
  const { pods: _, ...state } = served;
  if (served.phase !== "serving") return { ...state, pods: [] };
  try {
    const report = await readReport(served, uid);
    if (!report) return { ...state, pods: [], lastError: "its report cannot be understood" };
    return { ...state, pods: report.pods };
  } catch (error) {
    return { ...state, pods: [], lastError: `its report cannot be read: ${messageOf(error)}` };
  }
}

/** Root reads it with the owner's privileges: the directory is the owner's, and so is what it leads to. */
async function readReport(
  { home, user, uid: owner, gid }: ServedHome,
  uid: number | null,
): Promise<HomeReport | undefined> {
  const path = homePaths(home).daemonStatus;
  if (uid === owner) return parseReport(readSafely(path, MAX_BYTES)?.text ?? "");
  const account = { name: user, uid: owner, gid, home: "/" };
  const { code, stdout, stderr } = await runChild({
    argv: asAccount(account, ["head", "-c", String(MAX_BYTES), "--", path]),
    cwd: "/",
    timeoutMs: READ_MS,
    maxOutputBytes: MAX_BYTES,
    lingerMs: 200,
  });
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code !== 0) throw new Error(decode(stderr).trim());
  return parseReport(decode(stdout));
}
