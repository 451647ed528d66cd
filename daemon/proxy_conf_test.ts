import { strictEqual, throws } from "node:assert/strict";
import { readHostInterface, renderRoutes, RoutesFile } from "./proxy_conf.ts";

const mapping = (clusterPort: number, hostPort = 30000) => ({
  clusterPort,
  hostPort,
  maxConn: 4096,
  sendProxy: false,
});

Deno.test("renderRoutes sorts lines and drops duplicates; nothing is one empty line", () => {
  const twice = [mapping(61002), mapping(61000), mapping(61002), mapping(61002, 30001)];
  strictEqual(
    renderRoutes(twice),
    "61000:30000:4096:false\n61002:30000:4096:false\n61002:30001:4096:false\n",
  );
  strictEqual(renderRoutes([]), "\n");
});

Deno.test("RoutesFile writes only what differs", async () => {
  const home = await Deno.makeTempDir();
  const file = new RoutesFile(home);
  file.read();
  strictEqual(await file.write([]), true, "an absent file is made");
  strictEqual(await file.write([]), false);
  strictEqual(await file.write([mapping(61000)]), true);
  const before = await Deno.stat(`${home}/portmappings.conf`);
  strictEqual(await file.write([mapping(61000)]), false);
  strictEqual((await Deno.stat(`${home}/portmappings.conf`)).ino, before.ino);
  await Deno.remove(home, { recursive: true });
});

const hosts: readonly [string | undefined, string | undefined][] = [
  [undefined, undefined],
  ["", undefined],
  ["\n# comment\n", undefined],
  ["127.0.0.2:32767\n127.0.0.3:32767\n", "127.0.0.2"],
  ["[fd00::1]:32767\n", "fd00::1"],
];
for (const [text, expected] of hosts) {
  Deno.test(`the host's address in ${JSON.stringify(text)}`, async () => {
    const home = await Deno.makeTempDir();
    if (text !== undefined) await Deno.writeTextFile(`${home}/hosts.conf`, text);
    strictEqual(readHostInterface(home), expected);
    await Deno.remove(home, { recursive: true });
  });
}

Deno.test("another host's address is never taken for the own one", async () => {
  const home = await Deno.makeTempDir();
  await Deno.writeTextFile(`${home}/hosts.conf`, "nonsense\n127.0.0.3:32767\n");
  throws(() => readHostInterface(home), /first line "nonsense"/);
  await Deno.remove(home, { recursive: true });
});
