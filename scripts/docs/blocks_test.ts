import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { commandBlocks, snsCommands } from "./blocks.ts";
import { runBlocks } from "./run_blocks.ts";

const DOCUMENT = `# Title
\`\`\`yaml
a: 1
\`\`\`
<!-- run: mkdir a -->
\`\`\`sh
cd a
\`\`\`
- in a list
  \`\`\`sh podman
  ./pod run
  \`\`\`
\`\`\`sh hosts
sns cluster sync
\`\`\`
\`\`\`sh no-run: a reason
sns host ls   # a comment
\`\`\`
\`\`\`sh no-run
\`\`\`
\`\`\`bash
\`\`\`
`;

Deno.test("blocks are told apart by what is behind the fence", () => {
  const { blocks, wrong } = commandBlocks(DOCUMENT);
  deepStrictEqual(blocks.map(({ line, kind, text }) => [line, kind, text.trim()]), [
    [5, "run", "mkdir a"],
    [7, "run", "cd a"],
    [11, "podman", "./pod run"],
    [14, "hosts", "sns cluster sync"],
    [17, "no-run", "sns host ls   # a comment"],
  ]);
  deepStrictEqual(wrong.map(({ line }) => line), [20, 22]);
});

Deno.test("commands of sns are found in blocks that are not run", () => {
  const found = (kind: "console" | "no-run", text: string) => snsCommands({ kind, text });
  deepStrictEqual(found("console", "$ sns host ls && sns pod ls @h1 | sort\nsns no command\n"), [
    ["host", "ls"],
    ["pod", "ls", "@h1"],
  ]);
  deepStrictEqual(found("no-run", 'cd x; sns cluster sync  # now\nsns pod logs "$pod"\n'), [
    ["cluster", "sync"],
  ]);
});

Deno.test("blocks run in one folder, and the one that fails is named", async () => {
  const block = (line: number, text: string) => ({ line, kind: "run" as const, text });
  const good = [block(3, "mkdir a && cd a"), block(9, 'test "${PWD##*/}" = a')];
  strictEqual(await runBlocks("x.md", good), undefined);
  match(
    await runBlocks("x.md", [...good, block(12, "false"), block(15, "true")]) ?? "",
    /x\.md:12 failed/,
  );
});
