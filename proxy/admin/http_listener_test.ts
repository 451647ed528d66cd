import assert from "node:assert/strict";
import { join } from "node:path";
import { type HttpListener, serveUnix } from "./http_listener.ts";

async function get(path: string): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return await (await fetch("http://proxy/", { client })).text();
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a socket is private, leaves nothing behind, and is not taken from a live owner", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "s.sock");
    const first = await serveUnix(path, () => new Response("first"));
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    await assert.rejects(
      serveUnix(path, () => new Response("second")),
      /Cannot make the socket .*s\.sock: another process serves it/,
    );
    assert.equal(await get(path), "first");
    await first.close();
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  });
});

Deno.test("the socket of a dead process is replaced", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "s.sock");
    // Deno leaves the file when a listener closes, as a killed process does.
    Deno.listen({ transport: "unix", path }).close();
    const listener = await serveUnix(path, () => new Response("new"));
    assert.equal(await get(path), "new");
    await listener.close();
  });
});

Deno.test("who lost its socket to another one leaves that alone", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "s.sock");
    const old = await serveUnix(path, () => new Response("old"));
    await Deno.remove(path);
    assert.equal(await old.isThere(), false);
    const next: HttpListener = await serveUnix(path, () => new Response("next"));
    await old.close();
    assert.deepEqual([await next.isThere(), await get(path)], [true, "next"]);
    await next.close();
  });
});

Deno.test("other files stay, and impossible paths are told", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "file");
    await Deno.writeTextFile(path, "mine");
    const handler = () => new Response();
    await assert.rejects(serveUnix(path, handler), /a file is there/);
    assert.equal(await Deno.readTextFile(path), "mine");
    await assert.rejects(
      serveUnix(join(directory, "none", "s.sock"), handler),
      /Cannot make a socket in .*none: /,
    );
    await assert.rejects(
      serveUnix(join(directory, "x".repeat(100)), handler),
      /longer than 107 bytes/,
    );
    assert.equal([...Deno.readDirSync(directory)].length, 1);
  });
});

Deno.test("closing does not wait for who asks slowly", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "s.sock");
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const listener = await serveUnix(path, () => {
      asked.resolve();
      return answer.promise;
    });
    using conn = await Deno.connect({ transport: "unix", path });
    await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await asked.promise;
    await listener.close();
    answer.resolve(new Response());
    assert.equal(await conn.read(new Uint8Array(9)).catch(() => null), null);
  });
});
