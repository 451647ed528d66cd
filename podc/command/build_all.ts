/** One run of podc, with all the pods it was asked for. */
import type { Diagnostic } from "../spec/diagnostic.ts";
import type { Arguments } from "./arguments.ts";
import { build, type Surroundings } from "./build.ts";

/**
 * Compiles each of `targets`, whatever becomes of the others.
 *
 * @returns whether there was no error, and the diagnostics of those who were asked for data
 */
export async function buildAll(
  targets: readonly Arguments[],
  surroundings: Surroundings,
): Promise<{ readonly ok: boolean; readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  let ok = true;
  for (const target of targets) {
    const collect = (found: readonly Diagnostic[]) => void diagnostics.push(...found);
    try {
      if (!await build(target, { ...surroundings, collect })) ok = false;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const message = [...causes(error)].join(": ");
      surroundings.print("error", message);
      collect([{ severity: "error", file: target.file, message }]);
      ok = false;
    }
  }
  return { ok, diagnostics };
}

function* causes(error: Error): Generator<string> {
  yield error.message;
  if (error.cause instanceof Error) yield* causes(error.cause);
}
