import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { linesOf, MAX_LINE, parseAnswer, parseHomeMessage } from "./channel.ts";

const good: readonly string[] = [
  '{"kind":"turn","pods":3}',
  '{"kind":"problem","text":"no"}',
  '{"kind":"mount","id":1,"pod":"web","version":"1.0.0","disks":[{"name":"a","mib":2}]}',
  '{"kind":"unmount","id":2,"pod":"web","version":"1.0.0"}',
];
Deno.test("messages are read as they were said", () => {
  for (const line of good) deepStrictEqual(parseHomeMessage(line), JSON.parse(line));
  deepStrictEqual(parseAnswer('{"id":1}'), { id: 1 });
  deepStrictEqual(parseAnswer('{"id":1,"error":"x"}'), { id: 1, error: "x" });
});

const bad: readonly string[] = [
  "",
  "null",
  "[]",
  "{",
  '{"kind":"turn"}',
  '{"kind":"turn","pods":-1}',
  '{"kind":"turn","pods":1.5}',
  '{"kind":"problem","text":1}',
  '{"kind":"reboot","id":1,"pod":"a","version":"b"}',
  '{"kind":"mount","id":1,"pod":"a","version":"b"}',
  '{"kind":"mount","id":1,"pod":"a","version":"b","disks":[null]}',
  '{"kind":"mount","id":1,"pod":"a","version":"b","disks":[{"name":"a","mib":"1"}]}',
  '{"kind":"mount","id":"1","pod":"a","version":"b","disks":[]}',
  '{"kind":"unmount","id":1,"pod":["a"],"version":"b"}',
];
for (const line of bad) {
  Deno.test(`no message: ${line}`, () => strictEqual(parseHomeMessage(line), undefined));
}

Deno.test("any text is a message or none, never an error (property)", () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
    parseHomeMessage(text);
    parseAnswer(text);
  }));
});

const streamOf = (chunks: readonly string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  }).getReader();

Deno.test("lines arrive whole however they were cut; half a line at the end is none", async () => {
  deepStrictEqual(await Array.fromAsync(linesOf(streamOf(["a", "b\nc\n", "\nd"]))), [
    "ab",
    "c",
    "",
  ]);
});

Deno.test("a line without an end is given up", async () => {
  const part = "x".repeat(1000);
  const endless = streamOf(Array.from({ length: MAX_LINE / 1000 + 1 }, () => part));
  await rejects(Array.fromAsync(linesOf(endless)), /over 16384 bytes/);
});
