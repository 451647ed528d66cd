import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { isCleanPath, MOST_HOMES, parseHomes } from "./find_homes.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("homes are taken once each, sorted; what is no path is passed over", () => {
  const output = encode("/home/u/b\0/home/u/a b\nc\0/home/u/b\0relative\0/\0/a/../b\0");
  deepStrictEqual(parseHomes(output), ["/home/u/a b\nc", "/home/u/b"]);
  deepStrictEqual(parseHomes(Uint8Array.of(0x2f, 0xff, 0)), []);
  deepStrictEqual(parseHomes(new Uint8Array()), []);
});

Deno.test("more homes than one account may have are an error", () => {
  const many = Array.from({ length: MOST_HOMES + 1 }, (_, n) => `/h/${n}\0`).join("");
  throws(() => parseHomes(encode(many)), /there are 17, more than 16/);
});

Deno.test("clean paths", () => {
  for (const path of ["/a", "/a/b c", "/.a/..b"]) strictEqual(isCleanPath(path), true, path);
  for (const path of ["", "a", "/", "//", "/a/", "/a//b", "/a/./b", "/.."]) {
    strictEqual(isCleanPath(path), false, path);
  }
});
