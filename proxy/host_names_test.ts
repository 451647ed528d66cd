import assert from "node:assert/strict";
import { HostNames } from "./host_names.ts";

Deno.test("addresses are looked up again, kept while a name fails, and forgotten with it", async () => {
  const known: Record<string, string[]> = { "web": ["10.0.0.9", "::ffff:10.0.0.10"], "void": [] };
  const names = new HostNames((name) =>
    known[name] ? Promise.resolve(known[name]) : Promise.reject(new Error("no such name"))
  );
  const wanted = ["web", "10.0.0.1", "gone", "void", "web"];
  assert.deepEqual(await names.refresh(wanted), { changed: true, failed: ["gone", "void"] });
  assert.deepEqual([...names.addresses], [["web", ["10.0.0.9", "10.0.0.10"]]]);
  assert.equal(names.addressOf("web"), "10.0.0.9");
  assert.equal(names.addressOf("10.0.0.1"), "10.0.0.1");
  assert.equal(names.addressOf("gone"), undefined);

  delete known.web;
  assert.deepEqual(await names.refresh(["web"]), { changed: false, failed: ["web"] });
  assert.equal(names.addressOf("web"), "10.0.0.9");
  known.web = ["10.0.0.11"];
  assert.deepEqual(await names.refresh(["web"]), { changed: true, failed: [] });
  assert.equal(names.addressOf("web"), "10.0.0.11");
  assert.deepEqual(await names.refresh([]), { changed: true, failed: [] });
  assert.equal(names.addresses.size, 0);
});
