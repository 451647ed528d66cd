/** The program `simplenetes-proxy`. */
import { askProxy } from "./admin/client.ts";
import type { ProxyStatus } from "./admin/status.ts";
import { formatStatus } from "./admin/status_text.ts";
import { type Asked, parseArgs } from "./args.ts";
import { createLog, formatEvent, jsonFormat, type Log, parseLevel } from "./log.ts";
import { run } from "./run.ts";

/** A log on stderr, as the environment variables LOG_LEVEL and LOG_FORMAT want it. */
function logOfEnvironment(): Log {
  const [wanted, wantedFormat] = [Deno.env.get("LOG_LEVEL"), Deno.env.get("LOG_FORMAT")];
  const level = parseLevel(wanted || "info");
  const format = wantedFormat === "json" ? jsonFormat() : formatEvent;
  const log = createLog(level ?? "info", (text) => console.error(text), undefined, format);
  if (!level) log.warn("LOG_LEVEL is none of debug, info, warn, error", { LOG_LEVEL: wanted });
  if (wantedFormat && !["text", "json"].includes(wantedFormat)) {
    log.warn("LOG_FORMAT is none of text, json", { LOG_FORMAT: wantedFormat });
  }
  return log;
}

async function print(text: string): Promise<void> {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

/** Does what is asked for. Resolves to the exit code. */
async function execute(asked: Asked, log: Log): Promise<number> {
  if ("print" in asked) await print(asked.print);
  else if (asked.command === "run") return await run(asked.file, log);
  else if (asked.command === "metrics") await print(await askProxy(asked.file, "/metrics"));
  else {
    const status: ProxyStatus = JSON.parse(await askProxy(asked.file, "/status"));
    await print(asked.json ? JSON.stringify(status, null, 2) + "\n" : formatStatus(status));
  }
  return 0;
}

if (import.meta.main) {
  const log = logOfEnvironment();
  const asked = parseArgs(Deno.args);
  if (typeof asked === "string") {
    log.error(asked);
    Deno.exit(2);
  }
  try {
    Deno.exit(await execute(asked, log));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    for (const text of message.split("\n")) log.error(text);
    Deno.exit(1);
  }
}
