import assert from "node:assert/strict";
import fc from "fast-check";
import { formatV1, inspectHeader } from "./proxy_header.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: ReturnType<typeof inspectHeader>) =>
  typeof found === "string"
    ? found
    : [found.length, found.line && new TextDecoder().decode(found.line)];

/** A version 2 header: command, family, addresses. */
function v2(command: number, family: number, body: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...bytes("\r\n\r\n\0\r\nQUIT\n"),
    command,
    family,
    body.length >> 8,
    body.length & 255,
    ...body,
  ]);
}

Deno.test("version 1", () => {
  const cases: [string, unknown][] = [
    ["PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nGET", [33, "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n"]],
    ["PROXY TCP6 ::1 fd00::2 9 10\r\n", [29, "PROXY TCP6 ::1 fd00::2 9 10\r\n"]],
    ["PROXY UNKNOWN\r\n", [15, "PROXY UNKNOWN\r\n"]],
    ["PROXY UNKNOWN ff 00 1 2\r\n", [25, "PROXY UNKNOWN ff 00 1 2\r\n"]],
    ["P", "partial"],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r", "partial"],
    ["POST / HTTP/1.1\r\n", "none"],
    ["PROXY TCP5 1.2.3.4 5.6.7.8 9 10\r\n", "none"],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 9 10\n", "none"],
    ["PROXY TCP4 1.2.3.4 5.6.7 9 10\r\n", "none"],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 9 65536\r\n", "none"],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 9 10 11\r\n", "none"],
    ["PROXY TCP6 1.2.3.4 5.6.7.8 9 10\r\n", "none"],
    ["PROXY TCP4 " + "1".repeat(100), "none"],
    ["SSH-2.0-x\r\n", "none"],
  ];
  for (const [input, expected] of cases) {
    assert.deepEqual(text(inspectHeader(bytes(input))), expected, input);
  }
});

Deno.test("version 2 is read as the same in version 1", () => {
  const tcp4 = [1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 1, 0];
  const tcp6 = [0xfd, ...Array(14).fill(0), 1, 0xfd, ...Array(14).fill(0), 2, 0, 80, 1, 1];
  const cases: [Uint8Array, unknown][] = [
    [v2(0x21, 0x11, tcp4), [28, "PROXY TCP4 1.2.3.4 5.6.7.8 9 256\r\n"]],
    [v2(0x21, 0x11, [...tcp4, 4, 0, 1, 9]), [32, "PROXY TCP4 1.2.3.4 5.6.7.8 9 256\r\n"]],
    [v2(0x21, 0x21, tcp6), [52, "PROXY TCP6 fd00:0:0:0:0:0:0:1 fd00:0:0:0:0:0:0:2 80 257\r\n"]],
    [v2(0x20, 0x00, []), [16, undefined]],
    [v2(0x20, 0x11, tcp4), [28, undefined]],
    [v2(0x21, 0x31, [1, 2, 3]), [19, undefined]],
    [v2(0x11, 0x11, tcp4), "none"],
    [v2(0x21, 0x11, tcp4).subarray(0, 20), "partial"],
    [v2(0x21, 0x11, Array(5000).fill(0)), "none"],
    [bytes("\r\n\r\nhello"), "none"],
  ];
  for (const [input, expected] of cases) {
    assert.deepEqual(text(inspectHeader(input)), expected);
    assert.deepEqual(
      text(inspectHeader(Uint8Array.from([...input, 65]))),
      expected === "partial" ? "partial" : expected,
    );
  }
});

Deno.test("formatV1", () => {
  const line = (from: string, to: string) =>
    new TextDecoder().decode(formatV1({ hostname: from, port: 1 }, { hostname: to, port: 2 }));
  assert.equal(line("1.2.3.4", "5.6.7.8"), "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n");
  assert.equal(line("::ffff:1.2.3.4", "5.6.7.8"), "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n");
  assert.equal(line("fd00::1", "::1"), "PROXY TCP6 fd00::1 ::1 1 2\r\n");
  assert.equal(line("fd00::1", "1.2.3.4"), "PROXY UNKNOWN\r\n");
});

Deno.test("what is made is found, and a prefix of it is never mistaken", () => {
  const end = (address: fc.Arbitrary<string>) =>
    fc.record({ hostname: address, port: fc.nat(65535) });
  const pair = fc.oneof(
    fc.tuple(end(fc.ipV4()), end(fc.ipV4())),
    fc.tuple(end(fc.ipV6()), end(fc.ipV6())),
  );
  fc.assert(
    fc.property(pair, fc.uint8Array(), ([from, to], rest) => {
      const line = formatV1(from, to);
      const found = inspectHeader(Uint8Array.from([...line, ...rest]));
      assert.deepEqual(found, { length: line.length, line });
      for (let cut = 0; cut < line.length; cut++) {
        assert.equal(inspectHeader(line.subarray(0, cut)), "partial");
      }
    }),
    { numRuns: 200 },
  );
});
