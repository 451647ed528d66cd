import assert from "node:assert/strict";

/** A server that waits for the end of each connection, in a process that has time for it. */
const SERVER = `const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 4000 });
console.log(listener.addr.port);
for await (const conn of listener) {
  conn.read(new Uint8Array(1)).catch(() => {}).then(() => conn.close());
}`;

Deno.test({
  name: "a dial whose time runs out in the moment of success leaves no connection",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using server = new Deno.Command(Deno.execPath(), {
      args: ["eval", SERVER],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = server.stdout.getReader();
    const port = new TextDecoder().decode((await reader.read()).value).trim();
    const child = new URL("./late_dial_child.ts", import.meta.url).pathname;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", child, port],
    }).output();
    const text = new TextDecoder();
    assert.deepEqual(text.decode(stderr), "");
    const { more, counted } = JSON.parse(text.decode(stdout));
    // Deno itself opens a few when it needs them first.
    assert.ok(more <= 5 && counted === 0, `${more} more files, ${counted} counted`);
    await reader.cancel();
    server.kill();
  },
});
