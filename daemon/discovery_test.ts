import { deepStrictEqual } from "node:assert/strict";
import { discover } from "./discovery.ts";

Deno.test("discover finds releases with pod and pod.state, and nothing else", async () => {
  const home = await Deno.makeTempDir();
  const make = async (path: string, ...files: string[]) => {
    await Deno.mkdir(`${home}/${path}`, { recursive: true });
    for (const file of files) await Deno.writeTextFile(`${home}/${path}/${file}`, "");
  };
  await make("pods/web/release/1.0.0", "pod", "pod.state", "x.state", "x");
  await make("pods/web/release/1.0.0/config/deep", "pod", "pod.state");
  await make("pods/web/release/2.0.0-rc.1", "pod", "pod.state");
  await make("pods/web/release/.1.0.0.1700000000", "pod", "pod.state");
  await make("pods/web/release/3.0.0", "pod.state");
  await make("pods/web/release/4.0.0", "pod");
  await make("pods/.gone.1700000000/release/1.0.0", "pod", "pod.state");
  await make("pods/empty");
  await make("pods/with blank/release/1.0.0", "pod", "pod.state");
  await make("outside/release/1.0.0", "pod", "pod.state");
  await Deno.symlink(`${home}/outside`, `${home}/pods/link`);
  await Deno.symlink(`${home}/outside/release/1.0.0`, `${home}/pods/web/release/5.0.0`);
  await make("pods/web/release/6.0.0", "pod");
  await Deno.symlink("/etc/passwd", `${home}/pods/web/release/6.0.0/pod.state`);
  await Deno.writeTextFile(`${home}/pods/file`, "");

  const problems: string[] = [];
  const { instances, directories } = discover(
    home,
    (path, error) => problems.push(`${path} ${error}`),
  );
  deepStrictEqual(problems.map((text) => text.replaceAll(home, "")), [
    "/pods/web/release/6.0.0 Error: /pods/web/release/6.0.0/pod.state is no regular file",
  ]);
  deepStrictEqual(instances.map(({ id }) => id), [
    "web/1.0.0",
    "web/2.0.0-rc.1",
    "with blank/1.0.0",
  ]);
  deepStrictEqual(directories.map((path) => path.slice(home.length)).toSorted(), [
    "",
    "/pods",
    "/pods/empty",
    "/pods/web",
    "/pods/web/release",
    ...["1.0.0", "2.0.0-rc.1", "3.0.0", "4.0.0", "6.0.0"].map((v) => `/pods/web/release/${v}`),
    "/pods/with blank",
    "/pods/with blank/release",
    "/pods/with blank/release/1.0.0",
  ]);
  await Deno.remove(home, { recursive: true });
});

Deno.test("discover follows no link in place of pods, and takes a missing home as empty", async () => {
  const home = await Deno.makeTempDir();
  await Deno.mkdir(`${home}/real/web/release/1.0.0`, { recursive: true });
  await Deno.writeTextFile(`${home}/real/web/release/1.0.0/pod`, "");
  await Deno.writeTextFile(`${home}/real/web/release/1.0.0/pod.state`, "");
  await Deno.symlink(`${home}/real`, `${home}/pods`);
  deepStrictEqual(discover(home), { instances: [], directories: [home] });
  await Deno.remove(home, { recursive: true });
  deepStrictEqual(discover(home).instances, []);
});
