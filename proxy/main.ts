/** The program `simplenetes-proxy`. */
import { messageOf } from "./error_message.ts";
import { askProxy, NoSocketError } from "./admin/client.ts";
import { type ProxyStatus, whyNotReady } from "./admin/status.ts";
import { formatStatus } from "./admin/status_text.ts";
import { type Asked, parseArgs } from "./args.ts";
import type { Log } from "./log.ts";
import { logOfEnvironment, warnOfEnvironment } from "./log_settings.ts";
import { run } from "./run.ts";

async function print(text: string): Promise<void> {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

/** @throws Error When the proxy of `confFile` is not ready; one that has no place for a socket can't be asked. */
async function checkReady(confFile: string): Promise<void> {
  try {
    const status: ProxyStatus = JSON.parse(await askProxy(confFile, "/status"));
    const why = whyNotReady(status, confFile);
    if (why !== undefined) throw new Error(`The proxy of ${confFile} is not ready: ${why}`);
  } catch (error) {
    if (!(error instanceof NoSocketError)) throw error;
  }
}

/** Does what is asked for. Resolves to the exit code. */
async function execute(asked: Asked, log: Log): Promise<number> {
  if ("print" in asked) await print(asked.print);
  else if (asked.command === "run") return await run(asked.file, log, asked.takeover);
  else if (asked.command === "metrics") await print(await askProxy(asked.file, "/metrics"));
  else if (asked.command === "ready") await checkReady(asked.file);
  else {
    const status: ProxyStatus = JSON.parse(await askProxy(asked.file, "/status"));
    await print(asked.json ? JSON.stringify(status, null, 2) + "\n" : formatStatus(status));
  }
  return 0;
}

if (import.meta.main) {
  const log = logOfEnvironment();
  warnOfEnvironment(log);
  const asked = parseArgs(Deno.args);
  if (typeof asked === "string") {
    log.error(asked);
    Deno.exit(2);
  }
  try {
    Deno.exit(await execute(asked, log));
  } catch (error) {
    const message = messageOf(error);
    for (const text of message.split("\n")) log.error(text);
    Deno.exit(1);
  }
}
