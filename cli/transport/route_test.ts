import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../errors.ts";
import { resolveRoute } from "./route.ts";

/** Resolves the way to `host` in a project at /p with these env files. */
async function route(host: string, files: Readonly<Record<string, string>>) {
  return await resolveRoute(`/p/${host}/host.env`, "/p", (path) => Promise.resolve(files[path]));
}

const env = (jump = "", more = "") => `HOST=10.0.0.1\nJUMPHOST=${jump}\n${more}`;

Deno.test("a route without jump hosts is the host itself, with all that its env says", async () => {
  const text = "HOST=h.example\nPORT=2222\nUSER=me\nKEYFILE=keys/id\nFLAGS=-oConnectTimeout=5 -C\n";
  const [hop, ...more] = await route("h1", { "/p/h1/host.env": text });
  strictEqual(more.length, 0);
  const { flags, ...rest } = hop;
  deepStrictEqual(rest, {
    name: "h1",
    envFile: "/p/h1/host.env",
    address: "h.example",
    port: 2222,
    user: "me",
    keyFile: "/p/h1/keys/id",
    options: ["ConnectTimeout=5", "Compression=yes"],
  });
  deepStrictEqual([flags.connectTimeoutMs, flags.compression], [5000, true]);
});

const spellings: readonly [string, string][] = [
  ["door", "by name"],
  ["../door", "by the path of its directory"],
  ["../door/host.env", "by the path of its env file"],
  ["/p/door", "by an absolute path"],
];
for (const [jump, how] of spellings) {
  Deno.test(`a jump host is found ${how}`, async () => {
    const files = { "/p/h1/host.env": env(jump), "/p/door/host.env": env() };
    deepStrictEqual((await route("h1", files)).map(({ name }) => name), ["door", "h1"]);
  });
}

Deno.test("an env file outside the project is named by its path, its key is beside it", async () => {
  const files = {
    "/p/h1/host.env": env("../../doors/x.env"),
    "/doors/x.env": env("", "KEYFILE=k"),
  };
  const [door] = await route("h1", files);
  deepStrictEqual([door.name, door.keyFile], ["/doors/x.env", "/doors/k"]);
});

Deno.test("a path comes before a name", async () => {
  const files = {
    "/p/h1/host.env": env("door"),
    "/p/h1/door/host.env": env("", "USER=near"),
    "/p/door/host.env": env("", "USER=far"),
  };
  strictEqual((await route("h1", files))[0].user, "near");
});

Deno.test("a super user jumps through the regular user of the jump host", async () => {
  const files: Record<string, string> = {
    "/p/h1/host-superuser.env": env("door", "USER=root"),
    "/p/door/host.env": env("", "USER=sns"),
    "/p/door/host-superuser.env": env("", "USER=root"),
  };
  const hops = await resolveRoute(
    "/p/h1/host-superuser.env",
    "/p",
    (path) => Promise.resolve(files[path]),
  );
  deepStrictEqual(hops.map(({ name, user }) => `${user}@${name}`), ["sns@door", "root@h1"]);
});

const refused: readonly [string, Record<string, string>, RegExp][] = [
  ["itself", { "/p/h1/host.env": env("h1") }, /"h1": its jump hosts go in a circle/],
  [
    "a circle behind it",
    { "/p/h1/host.env": env("a"), "/p/a/host.env": env("b"), "/p/b/host.env": env("../a") },
    /circle/,
  ],
  ["nobody", { "/p/h1/host.env": env("gone") }, /its JUMPHOST=gone is neither/],
  [
    "a local host",
    { "/p/h1/host.env": env("a"), "/p/a/host.env": "HOST=local\n" },
    /through "a": it is a local host/,
  ],
  [
    "one with unsupported FLAGS",
    { "/p/h1/host.env": env("a"), "/p/a/host.env": env("", "FLAGS=-A\n") },
    /a\/host\.env: FLAGS has -A/,
  ],
];
for (const [what, files, message] of refused) {
  Deno.test(`a jump through ${what} is refused`, async () => {
    await rejects(route("h1", files), (error) => {
      return error instanceof UserError && message.test(error.message);
    });
  });
}

Deno.test("any chain of jumps is followed to its end, in any order of names", async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_-]{1,8}$/), { minLength: 1 });
  await fc.assert(fc.asyncProperty(names, async (chain) => {
    const hosts = chain.filter((name) => !name.startsWith("-"));
    if (hosts.length === 0) return;
    const files = Object.fromEntries(
      hosts.map((name, index) => [`/p/${name}/host.env`, env(hosts[index - 1])]),
    );
    deepStrictEqual((await route(hosts.at(-1)!, files)).map(({ name }) => name), hosts);
  }));
});
