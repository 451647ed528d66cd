/** Writes a home's report, only when it says something new. */
import { messageOf, writeAtomically } from "../files.ts";
import { homePaths } from "../host/layout.ts";
import type { ProblemLog } from "../log.ts";
import type { HomeReport } from "./report.ts";

export class ReportFile {
  #written = "";
  #next: string | undefined;
  #writing: Promise<void> | undefined;

  constructor(readonly home: string, readonly problems: ProblemLog) {}

  /** Takes what is to be written; the writing goes on beside the caller, one at a time. */
  put(report: HomeReport): void {
    const text = `${JSON.stringify(report)}\n`;
    if (text === (this.#next ?? this.#written)) return;
    this.#next = text;
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
  }

  /** Waits until what was put is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next !== undefined) {
      const text = this.#next;
      this.#next = undefined;
      try {
        await writeAtomically(homePaths(this.home).daemonStatus, text, 0o600);
        this.#written = text;
        this.problems.clear("report");
      } catch (error) {
        this.problems.report("report", `No status for others: ${messageOf(error)}`);
      }
    }
  }
}
