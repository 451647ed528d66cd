/** Failed accepts: said, and counted. */
import { messageOf } from "./error_message.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import type { Log } from "./log.ts";

/** Those of one engine. */
export class AcceptFailures {
  #outOfFiles = 0;
  #other = 0;

  constructor(private readonly log: Log) {}

  note(error: unknown): void {
    const outOfFiles = isOutOfFiles(error);
    if (outOfFiles) this.#outOfFiles++;
    else this.#other++;
    this.log.often("Cannot accept connections for the moment", {
      error: messageOf(error),
      try: outOfFiles ? "raise the limit of open files (ulimit -n, LimitNOFILE=)" : undefined,
    });
  }

  metrics(): MetricsSnapshot {
    return {
      acceptFailures: [
        { labels: ["out of files"], values: [this.#outOfFiles] },
        { labels: ["other"], values: [this.#other] },
      ],
    };
  }
}

/** Whether `error` says that this machine or process has no more open files. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && /EMFILE|ENFILE|too many open files/i.test(
    `${(error as Error & { code?: unknown }).code} ${error.message}`,
  );
}
