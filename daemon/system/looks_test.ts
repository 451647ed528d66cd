import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Looks } from "./looks.ts";

const accounts = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    name: `u${n}`,
    uid: 1000 + n,
    gid: 1,
    home: `/home/u${n}`,
  }));
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

Deno.test("each account is looked at every so often", () => {
  const looks = new Looks(10_000);
  const two = accounts(2);
  strictEqual(looks.allDone(two), false);
  deepStrictEqual(names(looks.begin(two, 0)), ["u0", "u1"]);
  strictEqual(looks.allDone(two), false);
  for (const account of two) looks.ended(account);
  strictEqual(looks.allDone(two), true);
  deepStrictEqual(looks.begin(two, 9_999), []);
  deepStrictEqual(names(looks.begin(two, 10_000)), ["u0", "u1"]);
});

Deno.test("looks that hang hold up nobody else for good, and are not doubled", () => {
  const looks = new Looks(1_000);
  const six = accounts(6);
  const first = looks.begin(six, 0);
  deepStrictEqual(names(first), ["u0", "u1", "u2", "u3"]);
  deepStrictEqual(looks.begin(six, 50_000), []);
  looks.ended(first[3]!);
  deepStrictEqual(names(looks.begin(six, 50_000)), ["u4"]);
  looks.ended(six[4]!);
  deepStrictEqual(names(looks.begin(six, 50_000)), ["u5"]);
  looks.ended(six[5]!);
  deepStrictEqual(names(looks.begin(six, 60_000)), ["u3"]);
});

Deno.test("many accounts are looked at less often each", () => {
  const looks = new Looks(1_000);
  const many = accounts(100);
  let begun = 0;
  for (let now = 0; now < 1_000_000; now += 500) {
    for (const account of looks.begin(many, now)) {
      begun += 1;
      looks.ended(account);
    }
  }
  strictEqual(begun, 1000);
});
