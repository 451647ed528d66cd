import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));

/** Runs podc as a process of its own. */
async function podc(cwd: string, args: string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, MAIN, ...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function inWeb(work: (directory: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  const directory = join(parent, "web");
  await Deno.mkdir(directory);
  try {
    await work(directory);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("podc: compiles the pod of the current directory, under its name", () =>
  inWeb(async (directory) => {
    const spec = 'api: 1.0.0\npodVersion: 1.0.0\ncontainers: [{name: a, image: "x"}]\n';
    await Deno.writeTextFile(join(directory, "pod.yaml"), spec);
    const { code, stdout, stderr } = await podc(directory, []);
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(
      stderr,
      /^pod\.yaml:3:31: warning: image x has no tag[^]*\[OK\] {4}compiled web 1/,
    );
    const version = await new Deno.Command(join(directory, "pod"), { args: ["version"] }).output();
    assert.match(new TextDecoder().decode(version.stdout), /podVersion 1\.0\.0/);
  }));

Deno.test("podc: exit codes and streams", () =>
  inWeb(async (directory) => {
    const missing = await podc(directory, []);
    assert.deepEqual([missing.code, missing.stdout], [1, ""]);
    assert.match(missing.stderr, /^\[ERROR\] Cannot read .*pod\.yaml: /);
    assert.equal((await podc(directory, [], { SPACE_LOG_LEVEL: "0" })).stderr, "");
    const usage = await podc(directory, ["--nonsense"]);
    assert.deepEqual([usage.code, usage.stdout], [2, ""]);
    const version = await podc(directory, ["-V"]);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^podc .*\napi .*\n$/);
  }));

Deno.test("podc: several directories, one of them wrong, and diagnostics as data", () =>
  inWeb(async (directory) => {
    const parent = join(directory, "..");
    const pod = (more: string) =>
      `api: 1.0.0\npodVersion: 1.0.0\ncontainers: [{name: a, image: "x:1"}]\n${more}`;
    await Deno.writeTextFile(join(directory, "pod.yaml"), pod(""));
    await Deno.mkdir(join(parent, "db"));
    await Deno.writeTextFile(join(parent, "db", "pod.yaml"), pod("oops: 1\n"));
    const text = await podc(parent, ["web", "db/"]);
    assert.deepEqual([text.code, text.stdout], [1, ""]);
    assert.match(text.stderr, /compiled web 1\.0\.0 to web\/pod\ndb\/pod\.yaml:4:1: error: /);
    assert.ok((await Deno.stat(join(directory, "pod"))).isFile);
    const data = await podc(parent, ["--json", "--check", "web", "db"]);
    assert.equal(data.code, 1);
    assert.deepEqual(JSON.parse(data.stdout), [{
      severity: "error",
      message: 'the pod has no key "oops"',
      hint:
        "the keys are api, podVersion, runtime, updateOrder, labels, volumes, containers, executable",
      file: "db/pod.yaml",
      position: { line: 4, column: 1, length: 4 },
    }]);
    const clean = await podc(directory, ["--json"]);
    assert.deepEqual([clean.code, clean.stdout], [0, "[]\n"]);
    const unreadable = await podc(directory, ["--json", "-f", "none.yaml"]);
    assert.equal(unreadable.code, 1);
    assert.match(JSON.parse(unreadable.stdout)[0].message, /^Cannot read /);
    assert.equal((await podc(parent, ["web", "none"])).code, 2);
  }));
