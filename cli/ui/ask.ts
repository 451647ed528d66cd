/** Questions to the person at the terminal. */
import script from "./ask.sh" with { type: "text" };

/**
 * Asks on the terminal that this process belongs to.
 *
 * @param options `secret` keeps the answer off the screen
 * @returns `undefined` when there is no terminal, or no answer
 */
export async function ask(
  question: string,
  { secret }: { readonly secret: boolean },
): Promise<string | undefined> {
  // Not in a group of its own: the terminal gives its input to the foreground group only.
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", script, "sns", question, secret ? "yes" : "no"],
    stdin: "null",
    stderr: "null",
  }).output();
  return code === 0 ? new TextDecoder().decode(stdout).replace(/\n$/, "") : undefined;
}
