import assert from "node:assert/strict";
import { join } from "node:path";
import { applyChanges } from "./write.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("applyChanges: writes, replaces and removes", () =>
  inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    await Deno.writeTextFile(path("old"), "old");
    await Deno.writeTextFile(path("stale"), "stale");
    await applyChanges([
      { path: path("old"), content: bytes("new"), mode: 0o755 },
      { path: path("fresh"), content: bytes("x".repeat(1_000_000)) },
      { path: path("stale"), content: undefined },
      { path: path("never"), content: undefined },
    ]);
    assert.deepEqual(names(directory), ["fresh", "old"]);
    assert.equal(await Deno.readTextFile(path("old")), "new");
    assert.equal((await Deno.stat(path("old"))).mode! & 0o777, 0o755);
    assert.equal((await Deno.stat(path("fresh"))).size, 1_000_000);
  }));

Deno.test("applyChanges: when one file cannot be written, none is", () =>
  inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    await Deno.writeTextFile(path("old"), "old");
    await assert.rejects(applyChanges([
      { path: path("old"), content: bytes("new") },
      { path: path("missing/file"), content: bytes("x") },
    ]));
    assert.deepEqual(names(directory), ["old"]);
    assert.equal(await Deno.readTextFile(path("old")), "old");
  }));

Deno.test("applyChanges: when one file cannot be moved in, no temporary file stays", () =>
  inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    await Deno.mkdir(path("in_the_way/full"), { recursive: true });
    await assert.rejects(applyChanges([
      { path: path("in_the_way"), content: bytes("x") },
      { path: path("other"), content: bytes("x") },
    ]));
    assert.deepEqual(names(directory), ["in_the_way"]);
  }));
