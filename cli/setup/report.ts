/** What became of each step of a setup. */
import type { Deps } from "../deps.ts";
import { formatJson } from "../ui/table.ts";

/** `pending`: done, but not confirmed yet; it never reaches the person. */
export const RESULTS = ["ok", "changed", "would change", "pending"] as const;

export interface StepLine {
  readonly host: string;
  readonly result: typeof RESULTS[number];
  readonly step: string;
  readonly text: string;
}

/** Reads a line of a setup program: result, step and text, tabs between; `undefined` when it is none. */
export function parseStepLine(host: string, line: string): StepLine | undefined {
  const [word, step, ...text] = line.split("\t");
  const result = RESULTS.find((known) => known === word);
  if (result === undefined || step === undefined || text.length === 0) return undefined;
  return { host, result, step, text: text.join(" ") };
}

export function formatStepLine({ host, result, step, text }: StepLine): string {
  return `${host}  ${result.padEnd("would change".length)}  ${step.padEnd(8)}  ${text}\n`;
}

/** Prints steps as they come, or all of them as JSON in the end. */
export class Report {
  readonly #lines: StepLine[] = [];

  constructor(readonly deps: Deps, readonly json: boolean) {}

  add(line: StepLine): void {
    this.#lines.push(line);
    if (!this.json) this.deps.stdout(formatStepLine(line));
  }

  /** To be called once, also after a failure: what was done until then is told. */
  end(): void {
    if (this.json) this.deps.stdout(formatJson(this.#lines));
  }

  /** Exit code of a setup without failure: 2 when a dry run found something to do. */
  get code(): number {
    return this.#lines.some(({ result }) => result === "would change") ? 2 : 0;
  }
}
