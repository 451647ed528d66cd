/** `podc`: compiles a pod.yaml. */

/** Runs podc with `args`; returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { parseArguments } = await import("./command/arguments.ts");
  const parsed = parseArguments(args);
  if (!("arguments" in parsed)) {
    write(Deno.stdout, parsed.stdout);
    write(Deno.stderr, parsed.stderr);
    return parsed.exitCode;
  }
  const { build } = await import("./command/build.ts");
  const { printer } = await import("./command/print.ts");
  const print = printer((text) => write(Deno.stderr, text), Deno.env.get("SPACE_LOG_LEVEL"));
  try {
    const surroundings = { cwd: Deno.cwd(), environment: (name: string) => Deno.env.get(name) };
    return await build(parsed.arguments, { ...surroundings, print }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    print("error", [...causes(error)].join(": "));
    return 1;
  }
}

function* causes(error: Error): Generator<string> {
  yield error.message;
  if (error.cause instanceof Error) yield* causes(error.cause);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
