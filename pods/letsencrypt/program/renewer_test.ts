import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { parseCertsList } from "./certs_list.ts";
import { Renewer } from "./renewer.ts";
import { Store } from "./store.ts";

/** A self-signed certificate with its key, PEM. */
async function makeCertificate(dir: string, domain: string): Promise<string> {
  const [key, cert] = ["key", "cert"].map((name) => join(dir, `${domain}.${name}`));
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "90", "-subj", "/CN=x", "-addext", `subjectAltName=DNS:${domain}`],
      ...["-keyout", key!, "-out", cert!],
    ],
    stderr: "null",
  }).output();
  ok(success);
  return await Deno.readTextFile(cert!) + await Deno.readTextFile(key!);
}

Deno.test("a certificate for other names never replaces a good one", async () => {
  const dir = await Deno.makeTempDir({ prefix: "renewer-" });
  try {
    const good = await makeCertificate(dir, "a.test");
    const other = await makeCertificate(dir, "b.test");
    const certsFile = join(dir, "certs.txt");
    await Deno.writeTextFile(certsFile, "a.test\n");
    const { wanted } = parseCertsList("a.test\n");
    const store = await Store.open(join(dir, "data"), "https://ca.test/dir");
    await store.keep(wanted[0]!.name, good);
    const end = new AbortController();
    let log = "";
    const renewer = new Renewer({
      certsFile,
      store,
      precheck: () => Promise.resolve(undefined),
      order: () => Promise.resolve(other),
      log: (_, text) => {
        log += `${text}\n`;
        if (text.startsWith("No certificate")) end.abort();
      },
      // More than two thirds of its life have passed.
      now: () => Date.now() + 61 * 86_400_000,
      random: () => 0,
    });
    await renewer.run(end.signal);
    match(log, /cannot be used: it is not for a\.test\. Next try at .*the one at hand lasts until/);
    strictEqual((await store.certificates(wanted, () => {})).get(wanted[0]!.name)?.pem, good);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
