import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultProxyConf } from "../conf/mod.ts";
import { findSocketPaths, makeSocketPath, socketName, whyNotPrivate } from "./socket_path.ts";

const conf = defaultProxyConf("/");
const hosts = [{ hostname: "10.0.0.1", port: 32767 }];

Deno.test("the name tells the address, and has no way out of its directory", () => {
  assert.equal(socketName(conf, hosts), "simplenetes-proxy-10.0.0.1-32767.sock");
  assert.equal(socketName({ ...conf, port: 5 }, []), "simplenetes-proxy-any-5.sock");
  const strange = socketName({ ...conf, host: "../../x y" }, hosts);
  assert.equal(strange, "simplenetes-proxy-.._.._x_y-32767.sock");
});

Deno.test("only directories that are private to the user are used", async () => {
  const base = await Deno.makeTempDir();
  try {
    const [runtime, own] = [join(base, "runtime"), join(base, "own")];
    const name = socketName(conf, hosts);
    assert.deepEqual(await findSocketPaths(conf, hosts, { runtime, own }), []);
    assert.equal(await makeSocketPath(conf, hosts, { runtime, own }), join(own, name));
    assert.equal(Deno.statSync(own).mode! & 0o777, 0o700);
    assert.equal(await makeSocketPath(conf, hosts, { runtime, own }), join(own, name));
    await Deno.mkdir(runtime, { mode: 0o700 });
    assert.equal(await makeSocketPath(conf, hosts, { runtime, own }), join(runtime, name));
    assert.deepEqual(
      await findSocketPaths(conf, hosts, { runtime, own }),
      [join(runtime, name), join(own, name)],
    );
    const set = { ...conf, socket: "/elsewhere.sock" };
    assert.equal(await makeSocketPath(set, hosts, { runtime, own }), "/elsewhere.sock");
    assert.deepEqual(await findSocketPaths(set, hosts, { runtime, own }), ["/elsewhere.sock"]);

    await Deno.chmod(own, 0o750);
    const nowhere = { runtime: undefined, own };
    await assert.rejects(makeSocketPath(conf, hosts, nowhere), /own is open to other users; set/);
    await Deno.remove(own);
    await Deno.symlink(runtime, own);
    await assert.rejects(makeSocketPath(conf, hosts, nowhere), /own is no directory; set SOCKET/);
    await Deno.writeTextFile(join(base, "file"), "");
    assert.equal(await whyNotPrivate(join(base, "file")), "is no directory");
    if (Deno.uid() !== 0) assert.equal(await whyNotPrivate("/root"), "belongs to another user");
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});
