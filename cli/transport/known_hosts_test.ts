import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import {
  fingerprint,
  judgeHostKey,
  knownHostName,
  parseKnownHosts,
  recordedTypes,
  withHostKey,
} from "./known_hosts.ts";

/** A public key in SSH's binary form; `seed` tells keys apart. */
function publicKey(seed: number, type = "ssh-ed25519"): Uint8Array {
  const name = new TextEncoder().encode(type);
  return new Uint8Array([0, 0, 0, name.length, ...name, 0, 0, 0, 1, seed]);
}
const A = publicKey(1);
const B = publicKey(2);
const R = publicKey(3, "ssh-rsa");
const line = (names: string, key: Uint8Array) => {
  const type = key === R ? "ssh-rsa" : "ssh-ed25519";
  return `${names} ${type} ${key.toBase64()}`;
};
const hashed = (name: string) => {
  const salt = new Uint8Array(20).fill(7);
  return `|1|${salt.toBase64()}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

const cases: readonly [string, string, string, Uint8Array, string][] = [
  ["nothing", "", "h", A, "unknown"],
  ["comments and junk", "# h\n\nh\nh ssh-ed25519\n", "h", A, "unknown"],
  ["its key", line("h", A), "h", A, "known"],
  ["its key with a comment and CRLF", `${line("h", A)} me@there\r\n`, "h", A, "known"],
  ["its key among names", line("x,h,10.0.0.1", A), "10.0.0.1", A, "known"],
  ["another host's key", line("x", A), "h", A, "unknown"],
  ["another key", line("h", B), "h", A, "changed"],
  ["several keys", `${line("h", R)}\n${line("h", A)}`, "h", A, "known"],
  ["a key of another type", line("h", R), "h", A, "changed"],
  ["the host at another port", line("[h]:2222", A), "h", A, "unknown"],
  ["a port", line("[h]:2222", A), "[h]:2222", A, "known"],
  ["a hash", line(hashed("h"), A), "h", A, "known"],
  ["a hash with a port", line(hashed("[h]:22022"), B), "[h]:22022", A, "changed"],
  ["a hash of another", line(hashed("x"), A), "h", A, "unknown"],
  ["a pattern", line("*.example.com", A), "a.example.com", A, "known"],
  ["a pattern with one letter", line("h?", A), "h1", A, "known"],
  ["a dot that is no wildcard", line("a.c", A), "abc", A, "unknown"],
  ["a pattern without the host", line("*,!h", A), "h", A, "unknown"],
  ["upper case", line("Host.Example", A), "host.example", A, "known"],
  ["a revoked key", `@revoked ${line("*", A)}\n${line("h", A)}`, "h", A, "revoked"],
  ["another key revoked", `@revoked ${line("*", B)}\n${line("h", A)}`, "h", A, "known"],
  ["an authority only", `@cert-authority ${line("*", A)}`, "h", A, "unknown"],
];
for (const [what, text, name, key, kind] of cases) {
  Deno.test(`known_hosts with ${what}: ${kind}`, () => {
    strictEqual(judgeHostKey(parseKnownHosts(text), name, key).kind, kind);
  });
}

Deno.test("a verdict names the line that it is from", () => {
  const text = `# first\n${line("x", A)}\n${line("h", B)}\n`;
  const verdict = judgeHostKey(parseKnownHosts(text), "h", A);
  deepStrictEqual(verdict.kind === "changed" && verdict.recorded.map((each) => each.line), [3]);
});

Deno.test("names in known_hosts", () => {
  strictEqual(knownHostName("Host.Example", 22), "host.example");
  strictEqual(knownHostName("10.0.0.1", 2222), "[10.0.0.1]:2222");
  strictEqual(knownHostName("fd00::5", 22), "fd00::5");
});

Deno.test("recorded types", () => {
  const text = [line("h", R), line("h", A), line("x", B), `@revoked ${line("h", B)}`].join("\n");
  deepStrictEqual(recordedTypes(parseKnownHosts(text), "h"), ["ssh-rsa", "ssh-ed25519"]);
});

Deno.test("recording a key replaces those of the host, and keeps the rest", () => {
  const text = `# kept\n${line("x,h", A)} note\n${line("h", R)}\n${line(hashed("h"), A)}\n` +
    `@revoked ${line("h", A)}\n${line("y", A)}`;
  strictEqual(
    withHostKey(text, "h", B),
    `# kept\n${line("x", A)} note\n@revoked ${line("h", A)}\n${line("y", A)}\n${line("h", B)}\n`,
  );
});

Deno.test("a recorded key is known, and no other host's verdict changes", () => {
  const names = fc.constantFrom("h", "x", "[h]:2222", "10.0.0.1", "fd00::5");
  const keys = fc.constantFrom(A, B, R);
  const plain = fc.tuple(names, keys).map(([name, key]) => line(name, key));
  const several = fc.tuple(names, names, keys).map(([a, b, key]) => line(`${a},${b}`, key));
  const texts = fc.array(fc.oneof(plain, several)).map((lines) => lines.join("\n"));
  fc.assert(fc.property(texts, names, keys, (text, name, key) => {
    const after = withHostKey(text, name, key);
    strictEqual(judgeHostKey(parseKnownHosts(after), name, key).kind, "known");
    strictEqual(withHostKey(after, name, key), after);
    for (const other of ["h", "x", "[h]:2222", "10.0.0.1", "fd00::5"]) {
      if (other === name) continue;
      for (const each of [A, B, R]) {
        strictEqual(
          judgeHostKey(parseKnownHosts(after), other, each).kind,
          judgeHostKey(parseKnownHosts(text), other, each).kind,
        );
      }
    }
  }));
});

Deno.test("a fingerprint is what ssh-keygen says", async () => {
  const dir = await Deno.makeTempDir();
  const run = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("ssh-keygen", { args }).output();
    return new TextDecoder().decode(stdout);
  };
  await run("-q", "-t", "ed25519", "-N", "", "-f", `${dir}/id`);
  const [, key] = (await Deno.readTextFile(`${dir}/id.pub`)).split(" ");
  strictEqual(
    fingerprint(Uint8Array.fromBase64(key!)),
    (await run("-l", "-f", `${dir}/id.pub`)).split(" ")[1],
  );
  await Deno.remove(dir, { recursive: true });
});
