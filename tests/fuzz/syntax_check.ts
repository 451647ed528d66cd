/** Whether a shell can read scripts, many at a time. */
import { join } from "node:path";

const BATCH = 400;
const CHECK = 'for file; do $shell -n "$file" 2>"$file.err" || printf "%s\\n" "$file"; done';

export class SyntaxCheck implements AsyncDisposable {
  #directory = Deno.makeTempDirSync();
  readonly #seen = new Set<string>();
  readonly #waiting: { readonly text: string; readonly origin: number }[] = [];

  /** @param shell what reads the scripts with `-n`: a program, and perhaps words behind it */
  constructor(readonly shell: string) {}

  get count(): number {
    return this.#seen.size;
  }

  /** Remembers `text` for the next check, unless it was there before. */
  add(text: string, origin: number): void {
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    this.#waiting.push({ text, origin });
  }

  /** Checks what waits, if that is enough or `all` is set; returns the origins of the refused. */
  async refused(all = false): Promise<number[]> {
    if (this.#waiting.length < (all ? 1 : BATCH)) return [];
    const batch = this.#waiting.splice(0);
    const files = batch.map(({ origin }) => join(this.#directory, String(origin)));
    batch.forEach(({ text }, index) => Deno.writeTextFileSync(files[index]!, text));
    const { stdout, code } = await new Deno.Command("sh", {
      args: ["-c", CHECK, "sh", ...files],
      env: { shell: this.shell },
    }).output();
    if (code !== 0) throw new Error(`Cannot check the syntax of scripts with ${this.shell}`);
    Deno.removeSync(this.#directory, { recursive: true });
    this.#directory = Deno.makeTempDirSync();
    const wrong = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
    return wrong.map((path) => batch[files.indexOf(path)]!.origin);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.#directory, { recursive: true });
  }
}
