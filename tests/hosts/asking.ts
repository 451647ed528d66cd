/** Somebody outside who asks for a page again and again, each time over a new connection. */
import type { Lab, Operator } from "./lab.ts";

const LOOP = `count=0 failed=0 stop=
trap 'stop=yes' TERM
while [ -z "$stop" ]; do
  count=$((count + 1))
  curl -fsS -m 20 -o /dev/null --connect-to "::$2:" "$1" || { failed=$((failed + 1)); date >&2; }
done
echo "$count $failed"`;

export class Asking implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #stopped = false;

  /**
   * @param url what is asked for
   * @param address where, whatever DNS says
   * @param root file with the certificates that are trusted
   */
  constructor(lab: Lab, operator: Operator, url: string, address: string, root: string) {
    const words = ["env", `CURL_CA_BUNDLE=${root}`, "sh", "-c", LOOP, "sh", url, address];
    this.#child = lab.command(operator, words, { stdout: "piped", stderr: "piped" }).spawn();
  }

  /** Ends it, and tells how many requests there were, how many failed, and how. */
  async stop(): Promise<{ count: number; failed: number; said: string }> {
    this.#stopped = true;
    this.#child.kill("SIGTERM");
    const { stdout, stderr } = await this.#child.output();
    const text = new TextDecoder();
    const [count, failed] = text.decode(stdout).trim().split(" ").map(Number);
    return { count: count!, failed: failed!, said: text.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stopped) await this.stop();
  }
}
