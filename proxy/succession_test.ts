import assert from "node:assert/strict";
import { PATIENCE_MS, Succession } from "./succession.ts";

const applicant = (confFile: string) => ({ pid: 7, confFile });

Deno.test("sockets are given to one applicant at a time", () => {
  const succession = new Succession("/own", undefined);
  assert.equal(succession.refuse(applicant("/b"), 0), undefined);
  succession.given = true;
  assert.match(succession.refuse(applicant("/c"), 0)!, /another process takes over/);
  succession.given = false;
  assert.equal(succession.refuse(applicant("/c"), 0), undefined);
});

Deno.test("the one that was replaced waits until the end, and is waited for then", () => {
  const succession = new Succession("/own", "/a");
  assert.equal(succession.refuse(applicant("/b"), 0), undefined);
  assert.equal(succession.waiting(1000), undefined);
  assert.match(succession.refuse(applicant("/a"), 1000)!, /when it ends/);
  assert.equal(succession.waiting(1000 + PATIENCE_MS), "/a");
  assert.equal(succession.waiting(1001 + PATIENCE_MS), undefined, "it asks no more");
  assert.equal(succession.end(1500), PATIENCE_MS - 500);
  assert.equal(succession.refuse(applicant("/a"), 1600), undefined);
  assert.equal(new Succession("/own", "/a").end(0), 0, "nobody asked");
});

Deno.test("the same proxy.conf is restarted as often as one likes", () => {
  assert.equal(new Succession("/a", "/a").refuse(applicant("/a"), 0), undefined);
});
