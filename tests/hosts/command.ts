/** Programs that a lab of hosts calls, each with a limit of time. */
import { type Ran, run } from "../shell/pod_folder.ts";

/** Runs a program to its end, killed after `seconds`; never throws for its exit code. */
export function tryFor(seconds: number, words: readonly string[]): Promise<Ran> {
  return run("timeout", ["-k", "5", `${seconds}`, ...words], {
    clearEnv: true,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
  });
}

/**
 * What a program prints.
 *
 * @throws {Error} with its words and all it said, when it fails or takes longer than `seconds`
 */
export async function must(words: readonly string[], seconds = 60): Promise<string> {
  const { code, out, err } = await tryFor(seconds, words);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${out}${err}`);
  return out.trim();
}
