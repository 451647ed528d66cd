/** Command blocks of the documents that need podman: those marked `sh podman`, with what is before them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import $ from "dax";
import { commandBlocks } from "../../scripts/docs/blocks.ts";
import { runBlocks } from "../../scripts/docs/run_blocks.ts";
import { hasPodman, IMAGE, makeImage } from "./podman.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const ignore = !await hasPodman();

/** The images that the blocks name are ours here: no registry is asked. */
const NAMED = ["docker.io/library/busybox:1.37"];

const documents = [...Deno.readDirSync(DOCS)].map(({ name }) => name)
  .filter((name) => name.endsWith(".md")).sort();
for (const name of documents) {
  const { blocks } = commandBlocks(Deno.readTextFileSync(join(DOCS, name)));
  if (!blocks.some(({ kind }) => kind === "podman")) continue;
  Deno.test({ name: `docs/${name}: the commands run`, ignore }, async () => {
    await makeImage();
    for (const image of NAMED) {
      if ((await $`podman image exists ${image}`.noThrow().quiet()).code !== 0) {
        await $`podman tag ${IMAGE} ${image}`;
      }
    }
    const run = blocks.filter(({ kind }) => kind === "run" || kind === "podman");
    assert.equal(await runBlocks(name, run), undefined);
  });
}
