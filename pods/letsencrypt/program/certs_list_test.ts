import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseCertsList } from "./certs_list.ts";

const domainsOf = (text: string) => parseCertsList(text).wanted.map(({ domains }) => domains);

Deno.test("a line per certificate; comments, empty lines and repeated ones don't count", () => {
  const text =
    "# mine\n\n  Example.com\twww.example.com  example.com \r\nb.example.com\nb.example.com";
  deepStrictEqual(domainsOf(text), [["example.com", "www.example.com"], ["b.example.com"]]);
});

Deno.test("the file is named after the trimmed line, as the original pod does", () => {
  const [wanted] = parseCertsList("  a.example.com b.example.com \n").wanted;
  const sum = createHash("sha256").update("a.example.com b.example.com\n").digest("hex");
  strictEqual(wanted!.name, sum);
});

Deno.test("names with other letters are taken in the form that DNS knows", () => {
  deepStrictEqual(domainsOf("bücher.example\n"), [["xn--bcher-kva.example"]]);
});

for (
  const [line, reason] of [
    ["*.example.com", /wildcard/],
    ["ok.example.com *.example.com", /"\*\.example\.com": a wildcard/],
    ["localhost", /no domain name/],
    ["192.0.2.1", /no domain name/],
    ["[2001:db8::1]", /no domain name/],
    ["a..example.com", /no domain name/],
    ["-a.example.com", /no domain name/],
    ["https://example.com", /no domain name/],
    ["example.com:443", /no domain name/],
    ["a_b.example.com", /no domain name/],
    [`${"a".repeat(64)}.example.com`, /no domain name/],
    [`${"a.".repeat(130)}example.com`, /no domain name/],
    ["$(reboot).example.com", /no domain name/],
    [Array.from({ length: 101 }, (_, i) => `n${i}.example.com`).join(" "), /101 domains/],
  ] as const
) {
  Deno.test(`refused, with its line, and the others hold: ${line.slice(0, 40)}`, () => {
    const { wanted, mistakes } = parseCertsList(`a.example.com\n${line}\nb.example.com\n`);
    strictEqual(wanted.length, 2);
    deepStrictEqual(mistakes.map((each) => each.line), [2]);
    match(mistakes[0]!.text, reason);
  });
}
