import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeAddress, encodeAddress, sameAddress } from "./socket_address.ts";

Deno.test("addresses are written as the kernel takes them", () => {
  assert.deepEqual(
    [...encodeAddress({ hostname: "127.0.0.2", port: 0x1234 })],
    [2, 0, 0x12, 0x34, 127, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  const v6 = encodeAddress({ hostname: "fe80::1:2%3", port: 80 });
  assert.deepEqual([...v6.subarray(0, 8)], [10, 0, 0, 80, 0, 0, 0, 0]);
  assert.equal(v6.subarray(8, 24).toHex(), "fe800000000000000000000000010002");
  assert.deepEqual([...v6.subarray(24)], [3, 0, 0, 0]);
});

Deno.test("what is no numeric address is told", () => {
  for (const hostname of ["localhost", "", "1.2.3", "::1%eth0", "[::1]"]) {
    assert.throws(() => encodeAddress({ hostname, port: 1 }), /no numeric/, hostname);
  }
});

Deno.test("IPv6 addresses come back in the short form that URLs have, too", () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });
  fc.assert(fc.property(groups, fc.integer({ min: 0, max: 65535 }), (parts, port) => {
    const long = parts.map((part) => part.toString(16)).join(":");
    const short = new URL(`http://[${long}]/`).hostname.slice(1, -1);
    if (short.startsWith("::ffff:")) return;
    for (const hostname of [long, short]) {
      assert.deepEqual(decodeAddress(encodeAddress({ hostname, port })), { hostname: short, port });
    }
  }));
});

Deno.test("IPv4 comes back as itself, mapped or not", () => {
  fc.assert(fc.property(fc.ipV4(), (ip) => {
    for (const hostname of [ip, `::ffff:${ip}`]) {
      assert.equal(decodeAddress(encodeAddress({ hostname, port: 7 })).hostname, ip);
    }
  }));
});

Deno.test("addresses are the same when host and port are", () => {
  const of = (hostname: string, port: number) => encodeAddress({ hostname, port });
  assert.ok(sameAddress(of("::1", 5), of("0:0::1", 5)));
  for (
    const [one, other] of [
      [of("::1", 5), of("::2", 5)],
      [of("::1", 5), of("::1", 6)],
      [of("10.0.0.1", 5), of("10.0.1.1", 5)],
      [of("10.0.0.1", 5), of("10.0.0.1", 261)],
    ] as const
  ) assert.equal(sameAddress(one, other), false);
});
