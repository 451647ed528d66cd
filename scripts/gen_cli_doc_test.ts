import { strictEqual } from "node:assert/strict";
import { cliReference } from "./gen_cli_doc.ts";

Deno.test("docs/cli.md is what the commands say of themselves", async () => {
  const file = new URL("../docs/cli.md", import.meta.url);
  strictEqual(await Deno.readTextFile(file), await cliReference(), "run: deno task docs");
});
