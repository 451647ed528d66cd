import { match, strictEqual } from "node:assert/strict";
import { freshAddress, freshPort } from "../../../tests/loopback/mod.ts";
import { isOwn, serveBundle } from "./bundle_server.ts";
import { ChallengeServer } from "./challenge_server.ts";
import { precheck } from "./precheck.ts";

/** `[status, text]` of an answer. */
async function get(url: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await fetch(url, { headers, method });
  return [response.status, await response.text(), response.headers.get("etag")] as const;
}

Deno.test("the bundle: whole, unchanged, not made yet, and nothing else", async () => {
  const file = await Deno.makeTempFile();
  const address = { hostname: freshAddress(), port: freshPort() };
  const url = `http://${address.hostname}:${address.port}`;
  const server = serveBundle(address, file);
  try {
    await Deno.writeTextFile(file, "bundle");
    const [status, text, etag] = await get(`${url}/certs.tar.gz`);
    strictEqual(`${status} ${text}`, "200 bundle");
    strictEqual((await get(`${url}/certs.tar.gz`, { "if-none-match": etag! }))[0], 304);
    strictEqual((await get(`${url}/certs.tar.gz`, {}, "POST"))[0], 405);
    strictEqual((await get(`${url}/account.json`))[0], 404);
    strictEqual((await get(`${url}/../account.json`))[0], 404);
    await Deno.writeTextFile(file, "another");
    strictEqual((await get(`${url}/certs.tar.gz`, { "if-none-match": etag! }))[0], 200);
    await Deno.remove(file);
    strictEqual((await get(`${url}/certs.tar.gz`))[0], 503);
  } finally {
    await server.shutdown();
  }
});

Deno.test("the bundle is for whoever comes from the host itself, as its proxy does", () => {
  strictEqual(isOwn("10.0.0.1", "10.0.0.1"), true);
  strictEqual(isOwn("127.0.0.1", "10.0.0.1"), true);
  strictEqual(isOwn("::1", "10.0.0.1"), true);
  strictEqual(isOwn("10.0.0.2", "10.0.0.1"), false);
  strictEqual(isOwn("192.0.2.7", "10.0.0.1"), false);
  strictEqual(isOwn("", "10.0.0.1"), false);
});

Deno.test("the challenge server answers what is asked for, while it is", async () => {
  const address = { hostname: freshAddress(), port: freshPort() };
  const url = `http://${address.hostname}:${address.port}/.well-known/acme-challenge`;
  await using server = new ChallengeServer(address);
  const answer = server.put("token", "token.thumbprint");
  strictEqual((await get(`${url}/token`))[1], "token.thumbprint");
  strictEqual((await get(`${url}/other`))[0], 404);
  strictEqual((await get(`${url}/`))[0], 404);
  answer[Symbol.dispose]();
  strictEqual((await get(`${url}/token`))[0], 404);
});

Deno.test("the check says what stands between the CA and this program", async () => {
  const address = { hostname: freshAddress(), port: freshPort() };
  await using challenges = new ChallengeServer(address);
  const options = {
    challenges,
    httpPort: address.port,
    resolver: { hostname: address.hostname, port: freshPort() },
    signal: AbortSignal.timeout(60_000),
  };
  // Nobody answers for DNS there.
  match(await precheck("a.test", options) ?? "", /^DNS cannot be asked for a\.test: /);
});
