/** Whether the machine goes down, or only the daemon does. */
import { messageOf } from "../files.ts";
import { runChild } from "../host/child.ts";
import type { Log } from "../log.ts";

/** The reason of an abort that comes with the end of the machine: then pods end, too. */
export const GOING_DOWN = "the machine goes down";

/** Milliseconds for systemd's answer. */
const ANSWER_MS = 3_000;

/** Asks systemd. Without it, or without an answer, the machine stays up. */
export async function isGoingDown(
  env: Readonly<Record<string, string>>,
  log: Log,
): Promise<boolean> {
  try {
    const { stdout } = await runChild({
      argv: ["systemctl", "is-system-running"],
      cwd: "/",
      env,
      timeoutMs: ANSWER_MS,
      maxOutputBytes: 4096,
      lingerMs: 200,
    });
    return new TextDecoder().decode(stdout).trim() === "stopping";
  } catch (error) {
    log("DEBUG", `Cannot ask systemd whether the machine goes down: ${messageOf(error)}`);
    return false;
  }
}
