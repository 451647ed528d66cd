/** The simulated programs against the real ones: the same calls, the same answers and the same trees. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { planHost } from "../../sync/plan.ts";
import { parseObservation } from "../../sync/observe.ts";
import { Home, pack } from "../host_home.ts";
import { Random } from "../random.ts";
import { type Files, packFiles } from "./bundle.ts";
import type { Commit } from "./commits.ts";
import { SIM_PROGRAMS, type SimProgramName } from "./programs.ts";
import { firstCommit, nextCommit } from "./random_commits.ts";
import { Exit } from "./system.ts";
import { Tree } from "./tree.ts";

interface Answer {
  readonly code: number;
  readonly stdout: string;
}

const KILLED = 137;

/** Runs a program in the model, alone and to its end or to the step where it dies. */
function runModel(tree: Tree, name: SimProgramName, args: string[], input: Uint8Array): Answer {
  let stdout = "";
  let steps = 0;
  const dieAt = name === "apply" ? Number(args[3] ?? Infinity) : Infinity;
  const program = SIM_PROGRAMS[name]({
    tree,
    args,
    input: () => input,
    print: (text) => void (stdout += text),
    now: () => Math.floor(Date.now() / 1000),
    takeMutex: () => true,
    dropMutex: () => {},
    ignoreSignals: () => {},
  });
  try {
    for (let next = program.next(); !next.done; next = program.next()) {
      if (next.value === "step" && ++steps === dieAt) return { code: KILLED, stdout };
    }
    return { code: 0, stdout };
  } catch (error) {
    if (error instanceof Exit) return { code: error.code, stdout };
    throw error;
  }
}

const withoutTimes = (text: string) => text.replace(/^(since|expires|touched|now)=.+$/gm, "$1=");

/** What a home holds: modes and texts by path, without the insides of what is staged. */
function listReal(dir: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(join(dir, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    const mode = (Deno.statSync(join(dir, path)).mode! & 0o777).toString(8);
    if (name.startsWith(".sns-staging.")) found[path] = mode;
    else if (isDirectory) Object.assign(found, { [path]: mode }, listReal(dir, path));
    else found[path] = `${mode} ${withoutTimes(Deno.readTextFileSync(join(dir, path)))}`;
  }
  return found;
}

function listModel(tree: Tree): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, node] of tree.walk()) {
    if (path.startsWith(".sns-staging.") && path.includes("/")) continue;
    const mode = node.mode.toString(8);
    found[path] = node.kind === "dir" ? mode : `${mode} ${withoutTimes(node.text)}`;
  }
  return found;
}

/** A home on disk and the same one in memory, which get the same calls. */
class Twins implements AsyncDisposable {
  readonly home = new Home(["dash"]);
  readonly tree = new Tree();

  constructor(readonly seed: number, commit: Commit) {
    commit.layDown(this.tree, "h1");
    for (const [path, node] of this.tree.walk()) {
      if (node.kind === "dir") Deno.mkdirSync(join(this.home.dir, path), { recursive: true });
      else this.home.write(path, node.text);
      Deno.chmodSync(join(this.home.dir, path), node.mode);
    }
  }

  /** Runs a program in both, which have to agree; its answer. */
  async run(name: SimProgramName, args: string[], files?: Files, dieAt?: number): Promise<Answer> {
    const label = `seed ${this.seed}: ${name} ${args.join(" ")}, die at ${dieAt}`;
    const tar = files === undefined ? undefined : await packReal(files);
    const bundle = files === undefined ? undefined : packFiles(files);
    const more = dieAt === undefined ? [] : [String(dieAt)];
    const sums = (sum: string | undefined) => sum === undefined ? [] : [sum, ...more];
    const real = await this.home.run(name, [...args, ...sums(tar?.sum)], tar?.tar);
    const model = runModel(
      this.tree,
      name,
      [...args, ...sums(bundle?.sum)],
      bundle?.bytes ?? new Uint8Array(),
    );
    strictEqual(model.code, real.code, `${label}: ${real.stderr}`);
    if (model.code === 0 && (name === "observe" || name === "lockAndObserve")) {
      const records = (text: string) =>
        name === "observe" ? text : text.slice(text.indexOf("\n") + 1);
      const parse = (text: string) => parseObservation(new TextEncoder().encode(records(text)));
      const [ours, theirs] = [parse(model.stdout), parse(real.stdout)];
      const sorted = (seen: typeof ours) => ({
        ...seen,
        releases: seen.releases.toSorted((a, b) => a.pod + a.version < b.pod + b.version ? -1 : 1),
      });
      deepStrictEqual(sorted(ours), sorted(theirs), label);
    } else strictEqual(withoutTimes(model.stdout), withoutTimes(real.stdout), label);
    deepStrictEqual(listModel(this.tree), listReal(this.home.dir), label);
    return model;
  }

  /** Locks, applies what brings the home to `commit`, and dies at a step when one is given. */
  async sync(commit: Commit, token: string, dieAt?: number): Promise<Answer> {
    await this.run("observe", []);
    const { stdout } = await this.run("lockAndObserve", [token, "me", "here", "60"]);
    const [, fence = "", records = ""] = /^fence=(\d+)\n([^]*)$/.exec(stdout)!;
    const observed = parseObservation(new TextEncoder().encode(records));
    const operations = planHost(commit.desired("h1"), observed);
    const answer = await this.run(
      "apply",
      [token, fence],
      commit.bundle("h1", operations),
      dieAt,
    );
    await this.run("heartbeat", [token, fence, "60"]);
    await this.run("unlock", [token, fence]);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
  }
}

async function packReal(files: Files) {
  const texts = Object.entries(files).map(([path, { text }]) => [path, text]);
  const { manifest, ...rest } = Object.fromEntries(texts) as Record<string, string>;
  const lines = manifest!.split("\n").filter((line) => line !== "");
  const executable = Object.entries(files).filter(([, { mode }]) => mode & 0o100);
  return await pack(rest, lines, ["dash"], executable.map(([path]) => path));
}

Deno.test("the model of a host does what the programs do, to the end or killed at any step", async () => {
  let killed = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const random = new Random(seed);
    const first = firstCommit(random, 1);
    const second = nextCommit(random, first, "c2-second-commit");
    await using twins = new Twins(seed, first);
    for (let round = 0; round < 2; round++) {
      const { code } = await twins.sync(second, "5", 1 + random.below(5));
      if (code === KILLED) killed++;
    }
    strictEqual((await twins.sync(nextCommit(random, second, "c3-third-commit"), "6")).code, 0);
  }
  ok(killed > 3, `only ${killed} were killed`);
});

Deno.test("the model of a host refuses what the programs refuse", async () => {
  const random = new Random(1);
  const first = firstCommit(random, 1);
  const next = nextCommit(random, first, "c2-second-commit");
  const files = next.bundle("h1", planHost(next.desired("h1"), emptyHost()));
  await using twins = new Twins(0, first);
  const lock = async (token: string, seconds = "60") =>
    (await twins.run("lock", [token, "me", "here", seconds])).code;
  strictEqual(await lock("5"), 0);
  strictEqual(await lock("6"), 3);
  strictEqual((await twins.run("apply", ["5", "2"], files)).code, 4);
  strictEqual((await twins.run("apply", ["6", "1"], files)).code, 4);
  strictEqual((await twins.run("heartbeat", ["5", "2", "60"])).code, 4);
  strictEqual((await twins.run("unlock", ["6", "1"])).code, 4);
  strictEqual((await twins.run("breakLock", ["2", "5"])).code, 4);
  strictEqual((await twins.run("breakLock", ["1", "5"])).code, 0);
  strictEqual((await twins.run("unlock", ["5", "1"])).code, 4);
  strictEqual(await lock("7", "0"), 0);
  strictEqual((await twins.run("apply", ["7", "3"], files)).code, 4, "expired");
  strictEqual((await twins.run("heartbeat", ["7", "3", "60"])).code, 4);
  strictEqual(await lock("8"), 0);
  await twins.run("apply", ["8", "4"], { ...files, manifest: { text: "odd\n", mode: 0o644 } });
  strictEqual((await twins.run("unlock", ["8", "4"])).code, 0);
  for (const tree of [twins.tree]) tree.write("lock-token.txt", "99\n", Date.now() / 1000);
  twins.home.write("lock-token.txt", "99\n");
  strictEqual(await lock("9"), 3, "a program that knows only this file");
});

function emptyHost() {
  return { clusterId: "demo-1", chain: [], fence: 0, releases: [] };
}
