import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { readSafely, UnsafeFileError, writeAtomically } from "./files.ts";

async function inTempDir(test: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readSafely reads regular files and refuses everything else without waiting", async () => {
  await inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "running\n");
    const file = readSafely(`${dir}/file`, 100);
    strictEqual(file?.text, "running\n");
    ok(Math.abs(Date.now() - file.writtenMs) < 60_000);
    strictEqual(readSafely(`${dir}/none`, 100), undefined);
    strictEqual(readSafely(`${dir}/file/below`, 100), undefined);

    await Deno.symlink(`${dir}/file`, `${dir}/link`);
    await Deno.mkdir(`${dir}/directory`);
    strictEqual((await new Deno.Command("mkfifo", { args: [`${dir}/fifo`] }).output()).code, 0);
    for (const name of ["link", "directory", "fifo"]) {
      throws(() => readSafely(`${dir}/${name}`, 100), UnsafeFileError);
    }
    throws(() => readSafely(`${dir}/file`, 3), /8 bytes, more than 3/);
  });
});

Deno.test("writeAtomically replaces a file, its mode included, and leaves nothing behind", async () => {
  await inTempDir(async (dir) => {
    const path = `${dir}/portmappings.conf`;
    await Deno.writeTextFile(path, "old", { mode: 0o600 });
    const before = (await Deno.stat(path)).ino;
    const text = "61000:30000:4096:false\n".repeat(50_000);
    await writeAtomically(path, text, 0o644);
    strictEqual(await Deno.readTextFile(path), text);
    const after = await Deno.stat(path);
    strictEqual(after.mode! & 0o777, 0o644);
    ok(after.ino !== before);

    await Deno.mkdir(`${dir}/busy/below`, { recursive: true });
    await rejects(writeAtomically(`${dir}/busy`, "x", 0o644), /Cannot write .*busy/);
    // Whoever logs a lasting problem once knows it by its message.
    const message = () => writeAtomically(`${dir}/none/x`, "x", 0o644).catch(String);
    strictEqual(await message(), await message());
    const left = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
    deepStrictEqual(left.toSorted(), ["busy", "portmappings.conf"]);
  });
});
