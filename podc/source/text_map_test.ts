import assert from "node:assert/strict";
import { LineIndex } from "./span.ts";
import { TextBuilder, TextMap } from "./text_map.ts";

Deno.test("TextBuilder: spans lead back over insertions and left out text", () => {
  const source = "ab ${x} cd\nDROPPED\nef";
  const builder = new TextBuilder(source);
  builder.copy({ start: 0, end: 3 });
  builder.replace({ start: 3, end: 7 }, "a long value\nof two lines");
  builder.copy({ start: 7, end: 11 });
  builder.copy({ start: 19, end: 21 });
  const { text, map } = builder.finish();
  assert.equal(text, "ab a long value\nof two lines cd\nef");
  const lead = (word: string) => {
    const start = text.indexOf(word);
    const span = map.toSource({ start, end: start + word.length });
    return source.slice(span.start, span.end);
  };
  assert.equal(lead("ab"), "ab");
  assert.equal(lead("long"), "${x}");
  assert.equal(lead("b a"), "b ${x}");
  assert.equal(lead("two lines cd"), "${x} cd");
  assert.equal(lead("ef"), "ef");
  assert.deepEqual(map.toSource({ start: text.length, end: text.length }), { start: 21, end: 21 });
});

Deno.test("TextMap: an empty text has one place", () => {
  const { map } = new TextBuilder("all left out").finish();
  assert.deepEqual(map.toSource({ start: 0, end: 0 }), { start: 12, end: 12 });
  assert.deepEqual(TextMap.identity(0).toSource({ start: 3, end: 5 }), { start: 0, end: 0 });
});

Deno.test("LineIndex: lines and columns count from 1", () => {
  const index = new LineIndex("a\n\nbcd");
  const places = [-1, 0, 1, 2, 3, 5, 6, 99].map((offset) => index.place(offset));
  assert.deepEqual(places.map(({ line, column }) => `${line}:${column}`), [
    "1:1",
    "1:1",
    "1:2",
    "2:1",
    "3:1",
    "3:3",
    "3:4",
    "3:4",
  ]);
});
