/** The end of the channel that the process of a home holds: turns and requests out, answers in. */
import type { Instance } from "../discovery.ts";
import type { RamdiskMounter } from "../reconcile/ramdisks.ts";
import { type Answer, GO_DOWN, type HomeMessage, linesOf, parseAnswer } from "./channel.ts";
import { mountedRamdisks, parseMounts, type Ramdisk } from "./ramdisk.ts";

/** Milliseconds to wait for an answer. */
const ANSWER_MS = 30_000;

export class HomeChannel implements RamdiskMounter {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 0;

  /** @param home the host home, an absolute path without links */
  constructor(readonly home: string, readonly write: (line: string) => void) {}

  /**
   * Takes answers until the input ends: the daemon wants this process to end, or is gone itself.
   *
   * @returns whether the daemon said that the machine goes down
   */
  async listen(input: ReadableStream<Uint8Array>): Promise<boolean> {
    let goesDown = false;
    for await (const line of linesOf(input.getReader())) {
      if (line === GO_DOWN) goesDown = true;
      const answer = parseAnswer(line);
      if (answer) this.#waiting.get(answer.id)?.(answer);
    }
    return goesDown;
  }

  tell(message: HomeMessage): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  async mount({ pod, version }: Instance, disks: readonly Ramdisk[]): Promise<void> {
    await this.#ask((id) => ({ kind: "mount", id, pod, version, disks }));
  }

  async unmount({ pod, version }: Instance): Promise<void> {
    const mounts = parseMounts(await Deno.readTextFile("/proc/self/mountinfo"));
    if (mountedRamdisks({ home: this.home, pod, version }, mounts).length === 0) return;
    await this.#ask((id) => ({ kind: "unmount", id, pod, version }));
  }

  async #ask(request: (id: number) => HomeMessage): Promise<void> {
    const id = this.#nextId++;
    const answer = await new Promise<Answer>((resolve) => {
      const late = { id, error: `no answer from the daemon after ${ANSWER_MS / 1000} s` };
      const timer = setTimeout(() => resolve(late), ANSWER_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.tell(request(id));
    }).finally(() => this.#waiting.delete(id));
    if (answer.error !== undefined) throw new Error(answer.error);
  }
}
