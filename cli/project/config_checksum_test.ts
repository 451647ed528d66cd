import { notStrictEqual, strictEqual } from "node:assert/strict";
import { configChecksum, configShape } from "./config_checksum.ts";
import { copyTree } from "./files.ts";

/** The formula as the shell tools compute it. */
const BY_TOOLS = `cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 |
  sha256sum | cut -d' ' -f1`;

async function tree(): Promise<string> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/sub`);
  for (const name of ["b", "a b", ".dot", "sub/x", "sub-y", "å", "Z"]) {
    await Deno.writeTextFile(`${dir}/${name}`, `content of ${name}`);
  }
  await Deno.symlink("b", `${dir}/link`);
  return dir;
}

Deno.test("a config's checksum is the one of sha256sum and sort", async () => {
  const dir = await tree();
  const { stdout } = await new Deno.Command("sh", { args: ["-c", BY_TOOLS, "sh", dir] }).output();
  strictEqual(await configChecksum(dir), new TextDecoder().decode(stdout).trim());
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a copy has the same checksums; a link, a mode and an empty directory count in the shape", async () => {
  const dir = await tree();
  const copy = `${dir}-copy`;
  await copyTree(dir, copy);
  strictEqual(await configChecksum(copy), await configChecksum(dir));
  let shape = await configShape(dir);
  strictEqual(await configShape(copy), shape);
  const changes = [
    () => Deno.chmod(`${copy}/b`, 0o755),
    () => Deno.mkdir(`${copy}/empty`),
    () => Deno.remove(`${copy}/link`),
  ];
  for (const change of changes) {
    await change();
    notStrictEqual(await configShape(copy), shape);
    shape = await configShape(copy);
  }
  strictEqual(await configChecksum(copy), await configChecksum(dir));
  for (const path of [dir, copy]) await Deno.remove(path, { recursive: true });
});
