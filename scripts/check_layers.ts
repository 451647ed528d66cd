/**
 * Proves that imports run one way only: proxy/conf <- podc <- daemon <- cli, through the doors.
 *
 * Tests may reach into any file of their own layer and through the door of a lower one.
 */

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Lower layers first; a layer may import its own files and the doors of those before it. */
const LAYERS = ["proxy/conf", "podc", "daemon", "cli"];
/** Addresses and ports for the tests of all rooms. */
const LOOPBACK = "tests/loopback";
/** Rooms beside the stack: what each may import besides itself. */
const BESIDE: Record<string, readonly string[]> = {
  "proxy": ["proxy/conf"],
  "pods": ["proxy/conf"],
  [LOOPBACK]: [],
  "tests": ["proxy/conf", "proxy", "podc", "daemon", "cli", "pods", "scripts"],
  "scripts": ["proxy/conf", "podc", "daemon", "cli", "pods"],
  "examples": [],
};

const root = new URL("../", import.meta.url);

/** Rooms within rooms. */
const INNER = ["proxy/conf", LOOPBACK];

/** The room of a file below the root, such as "podc"; "" for files of the root itself. */
function roomOf(path: string): string {
  const inner = INNER.find((room) => path.startsWith(`${room}/`));
  if (inner !== undefined) return inner;
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function allowed(room: string): readonly string[] {
  const layer = LAYERS.indexOf(room);
  if (layer >= 0) {
    return room === "cli" ? [...LAYERS.slice(0, layer), "pods"] : LAYERS.slice(0, layer);
  }
  return BESIDE[room] ?? [...LAYERS, "proxy"];
}

/** Whether a file is there for tests only. */
function isForTests(path: string): boolean {
  return /(^|\/)(testing|tests|conformance)\/|(^|\/)test_\w+\.ts$|_(test|child)\.ts$/.test(path);
}

/** Why `from` may not import `to`; `undefined` when it may. */
export function violation(from: string, to: string): string | undefined {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === there) return undefined;
  if (there === LOOPBACK && !isForTests(from)) return `${from} imports ${to}: that is for tests`;
  if (there !== LOOPBACK && !allowed(here).includes(there)) {
    return `${from} imports ${to}: ${here || "the root"} may not use ${there}`;
  }
  const outside = here === "tests" || here === "scripts";
  if (!outside && !/(^|\/)mod\.ts$/.test(to) && there !== "") {
    return `${from} imports ${to}: only ${there}/mod.ts is open to others`;
  }
  return undefined;
}

async function modules(entry: string): Promise<readonly Module[]> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["info", "--json", entry],
    cwd: root,
  }).output();
  if (!success) throw new Error(`deno info ${entry}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

async function* sources(dir: URL): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    if (entry.name.startsWith(".") || entry.name === "fixtures" || entry.name === "dist") continue;
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, dir));
    else if (entry.name.endsWith(".ts")) {
      yield new URL(entry.name, dir).pathname.slice(root.pathname.length);
    }
  }
}

async function main(): Promise<number> {
  const found = new Set<string>();
  const seen = new Set<string>();
  for await (const entry of sources(root)) {
    if (seen.has(entry)) continue;
    for (const module of await modules(entry)) {
      if (!module.specifier.startsWith(root.href)) continue;
      const from = module.specifier.slice(root.href.length);
      if (seen.has(from)) continue;
      seen.add(from);
      for (const { code, type } of module.dependencies ?? []) {
        const target = code?.specifier ?? type?.specifier;
        if (!target?.startsWith(root.href)) continue;
        const problem = violation(from, target.slice(root.href.length));
        if (problem) found.add(problem);
      }
    }
  }
  for (const problem of [...found].sort()) console.error(problem);
  console.log(
    found.size === 0
      ? `${seen.size} files, all within their layers`
      : `${found.size} imports cross layers`,
  );
  return found.size === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
