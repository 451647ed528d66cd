import assert from "node:assert/strict";
import fc from "fast-check";
import { formatReply, formatRequest, LINE_LIMIT, parseReply, parseRequest } from "./wire.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("the request is the original's, to the byte", () => {
  assert.deepEqual(formatRequest(61000), bytes("PROXY TCP4 1.2.3.4 1.2.3.4 123 61000\r\n"));
});

Deno.test("parseRequest", () => {
  const cases: [string, ReturnType<typeof parseRequest>][] = [
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 61000\r\n", { port: 61000, length: 38 }],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 61000\r\nGET /", { port: 61000, length: 38 }],
    ["PROXY TCP4 80\r\n", { port: 80, length: 15 }],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 61000\r", "more"],
    ["PRO", "more"],
    ["", "more"],
    ["GET / HTTP/1.1\r\n", "bad"],
    ["GET", "bad"],
    ["PROXY TCP6 1 2 3 4\r\n", "bad"],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 0\r\n", "bad"],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 65536\r\n", "bad"],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 \r\n", "bad"],
    ["PROXY TCP4 1.2.3.4 1.2.3.4 123 80\n", "bad"],
    ["\r\n", "bad"],
    ["PROXY TCP4 " + "1".repeat(60), "bad"],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseRequest(bytes(text)), expected, text);
});

Deno.test("parseReply", () => {
  const cases: [string, ReturnType<typeof parseReply>][] = [
    ["SENDPROXY=true\r\n", { sendProxy: true, length: 16 }],
    ["SENDPROXY=false\r\n220 hello", { sendProxy: false, length: 17 }],
    ["BUSY\r\n", "busy"],
    ["BUSY\r", "more"],
    ["BUSY\n", "bad"],
    ["HTTP/", "bad"],
    ["SENDPROXY=", "more"],
    ["SENDPROXY=maybe", "bad"],
    ["sendproxy=true\r\n", "bad"],
    ["HTTP/1.1 400 Bad Request\r\n", "bad"],
    ["x".repeat(LINE_LIMIT), "bad"],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseReply(bytes(text)), expected, text);
});

Deno.test("what is formatted is read, from its last byte on, with whatever follows", () => {
  const port = fc.integer({ min: 1, max: 65535 });
  fc.assert(
    fc.property(port, fc.boolean(), fc.uint8Array(), (port, sendProxy, rest) => {
      const request = formatRequest(port);
      const reply = formatReply({ sendProxy });
      for (let cut = 0; cut < request.length; cut++) {
        assert.equal(parseRequest(request.subarray(0, cut)), "more");
      }
      for (let cut = 0; cut < reply.length; cut++) {
        assert.equal(parseReply(reply.subarray(0, cut)), "more");
      }
      assert.deepEqual(parseRequest(new Uint8Array([...request, ...rest])), {
        port,
        length: request.length,
      });
      assert.deepEqual(parseReply(new Uint8Array([...reply, ...rest])), {
        sendProxy,
        length: reply.length,
      });
    }),
    { numRuns: 100 },
  );
});

Deno.test("arbitrary bytes never throw, and never wait for more than a line", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (input) => {
      const results = [parseRequest(input), parseReply(input)];
      if (input.length >= LINE_LIMIT) assert.ok(!results.includes("more"));
    }),
    { numRuns: 2000 },
  );
});
