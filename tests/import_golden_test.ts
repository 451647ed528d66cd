/** `podc import` on the files in tests/fixtures/import; GOLDEN_UPDATE=1 writes what is expected. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { compilePod, formatDiagnostic } from "../podc/mod.ts";
import { importPod } from "../podc/import/import_pod.ts";

const ROOT = fileURLToPath(new URL("./fixtures/import", import.meta.url));

for (const { name } of [...Deno.readDirSync(ROOT)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`import: ${name}`, () => {
    const made = importPod(Deno.readTextFileSync(join(ROOT, name, "input.yaml")), "input.yaml");
    const expected = join(ROOT, name, "pod.yaml");
    if (Deno.env.get("GOLDEN_UPDATE") === "1") Deno.writeTextFileSync(expected, made);
    strictEqual(made, Deno.readTextFileSync(expected));
    // It is a pod that podc takes, once variables have values and configs are there.
    const { diagnostics } = compilePod({
      source: made,
      file: "pod.yaml",
      podName: "imported",
      variables: new Map(["DB_PASSWORD", "POSTGRES_DB", "TAG"].map((each) => [each, "value"])),
      baseDir: "/srv/pods/imported",
      configs: new Set(["conf", "keys"]),
    });
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    deepStrictEqual(errors.map((each) => formatDiagnostic(each, made)), []);
  });
}
