/**
 * One golden case per directory of tests/fixtures/pods: what podc makes of its pod.yaml stands in
 * `expected/`. `GOLDEN_UPDATE=1 deno test -A tests/golden_test.ts` writes what is made now; look at
 * the difference before committing it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { goldenArtifacts, goldenCases } from "./golden.ts";

const update = Deno.env.get("GOLDEN_UPDATE") === "1";

for (const directory of goldenCases()) {
  Deno.test(`golden: ${directory.name}`, () => {
    const expected = join(directory.path, "expected");
    const artifacts = goldenArtifacts(directory);
    if (update) writeAll(expected, artifacts);
    assert.deepEqual(readAll(expected), artifacts);
  });
}

function readAll(directory: string): Record<string, string> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  return Object.fromEntries(
    names.map((name) => [name, Deno.readTextFileSync(join(directory, name))]),
  );
}

function writeAll(directory: string, artifacts: Record<string, string>): void {
  Deno.mkdirSync(directory, { recursive: true });
  for (const { name } of Deno.readDirSync(directory)) Deno.removeSync(join(directory, name));
  for (const [name, text] of Object.entries(artifacts)) {
    Deno.writeTextFileSync(join(directory, name), text);
  }
}
