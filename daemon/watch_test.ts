import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseEvents } from "./inotify.ts";
import { until } from "./testing/home.ts";
import { DirectoryWatch } from "./watch.ts";

/** A watch on a directory of its own, with the paths below it that events named so far. */
async function watching(
  body: (dir: string, watch: DirectoryWatch, seen: Set<string>) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const seen = new Set<string>();
  const watch = new DirectoryWatch({
    onPaths: (paths) => {
      for (const path of paths) seen.add(path.slice(dir.length + 1));
      return true;
    },
    onLost: () => {},
    onFailure: (message) => {
      throw new Error(message);
    },
  });
  try {
    strictEqual(watch.update([dir]), true);
    await body(dir, watch, seen);
  } finally {
    await watch.close();
    strictEqual(watch.works, false);
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("files that are written, moved, linked and removed are named", async () => {
  await watching(async (dir, watch, seen) => {
    ok(watch.works);
    await Deno.writeTextFile(`${dir}/written`, "x");
    await Deno.rename(`${dir}/written`, `${dir}/moved`);
    await Deno.link(`${dir}/moved`, `${dir}/linked`);
    await Deno.mkdir(`${dir}/made`);
    await until("all four", () => seen.size === 4);
    deepStrictEqual([...seen].toSorted(), ["linked", "made", "moved", "written"]);
    seen.clear();
    await Deno.remove(`${dir}/linked`);
    await until("the removal", () => seen.has("linked"));
  });
});

Deno.test("a FIFO that appears holds up no event", async () => {
  await watching(async (dir, _, seen) => {
    strictEqual((await new Deno.Command("mkfifo", { args: [`${dir}/fifo`] }).output()).code, 0);
    await until("the FIFO", () => seen.has("fifo"));
    await Deno.writeTextFile(`${dir}/after`, "x");
    await until("what comes after it", () => seen.has("after"));
  });
});

Deno.test("a directory that takes another one's place is watched instead", async () => {
  await watching(async (dir, watch, seen) => {
    const directories = [dir, `${dir}/a`];
    await Deno.mkdir(`${dir}/a`);
    strictEqual(watch.update(directories), true);
    strictEqual(watch.update(directories), false);
    await Deno.mkdir(`${dir}/b`);
    await Deno.rename(`${dir}/a`, `${dir}/.old`);
    await Deno.rename(`${dir}/b`, `${dir}/a`);
    await until("the exchange", () => seen.has("b") && seen.has("a") && seen.has(".old"));
    strictEqual(watch.update(directories), true, "it is news, as it was not seen until now");
    seen.clear();
    await Deno.writeTextFile(`${dir}/.old/x`, "x");
    await Deno.writeTextFile(`${dir}/a/x`, "x");
    await until("its file", () => seen.has("a/x"));
    deepStrictEqual([...seen], ["a/x"]);
  });
});

Deno.test("what is gone, no directory, or a link is passed over until it is one", async () => {
  await watching(async (dir, watch, seen) => {
    await Deno.mkdir(`${dir}/real`);
    await Deno.symlink(`${dir}/real`, `${dir}/link`);
    await Deno.writeTextFile(`${dir}/file`, "");
    strictEqual(watch.update([dir, `${dir}/none`, `${dir}/link`, `${dir}/file`]), false);
    await until("what was made", () => seen.has("file"));
    seen.clear();
    await Deno.writeTextFile(`${dir}/real/x`, "x");
    await Deno.writeTextFile(`${dir}/end`, "x");
    await until("the end", () => seen.has("end"));
    deepStrictEqual([...seen], ["end"]);
    await Deno.mkdir(`${dir}/none`);
    strictEqual(watch.update([dir, `${dir}/none`]), true);
  });
});

Deno.test("more events than the kernel keeps are told as lost", () => {
  const overflow = new Uint8Array(16);
  const view = new DataView(overflow.buffer);
  view.setInt32(0, -1, true);
  view.setUint32(4, 0x4000, true);
  deepStrictEqual(parseEvents(overflow), [
    { watch: -1, name: "", movesDirectory: false, ended: false, lost: true },
  ]);
  deepStrictEqual(parseEvents(overflow.subarray(0, 15)), [], "half an event is none");
});
