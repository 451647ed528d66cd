/** `podc`: compiles pod.yaml files. */

/** Runs podc with `args`; returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "import") return await importOne(args.slice(1));
  const { parseArguments } = await import("./command/arguments.ts");
  const parsed = parseArguments(args);
  if (!("request" in parsed)) {
    write(Deno.stdout, parsed.stdout);
    write(Deno.stderr, parsed.stderr);
    return parsed.exitCode;
  }
  const { targetsOf } = await import("./command/targets.ts");
  const { printer } = await import("./command/print.ts");
  const print = printer((text) => write(Deno.stderr, text), Deno.env.get("SPACE_LOG_LEVEL"));
  const cwd = Deno.cwd();
  const found = await targetsOf(parsed.request, cwd, isFile);
  if ("wrong" in found) {
    print("error", `${found.wrong}. Try: podc --help`);
    return 2;
  }
  const { buildAll } = await import("./command/build_all.ts");
  const environment = (name: string) => Deno.env.get(name);
  const { ok, diagnostics } = await buildAll(found.targets, { cwd, environment, print });
  if (parsed.request.json) write(Deno.stdout, JSON.stringify(diagnostics, null, 2) + "\n");
  return ok ? 0 : 1;
}

async function importOne(args: readonly string[]): Promise<number> {
  const { importFile } = await import("./command/import_file.ts");
  return await importFile(args, {
    read: (file) =>
      file === "-" ? new Response(Deno.stdin.readable).text() : Deno.readTextFile(file),
    create: (file, text) => Deno.writeTextFile(file, text, { createNew: true }),
    stdout: (text) => write(Deno.stdout, text),
    stderr: (text) => write(Deno.stderr, text),
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
