import assert from "node:assert/strict";
import { DenoEngine } from "./deno_engine.ts";
import type { Connection } from "./engine.ts";
import { createLog } from "./log.ts";
import { makeContext } from "./make_context.ts";
import { servePeer } from "./peer_side.ts";
import { planOf } from "./test_kit.ts";

/** A connection that came from `hostname` and says nothing. */
function from(hostname: string): Connection & { reads: number; closed: boolean } {
  return {
    local: { hostname: "10.0.0.1", port: 32767 },
    remote: { hostname, port: 40000 },
    reads: 0,
    closed: false,
    read: () => Promise.resolve(null),
    write: (data) => Promise.resolve(data.length),
    readThen(_buffer, done) {
      this.reads++;
      done(null);
    },
    writeThen: (data, done) => done(data.length),
    closeWrite: () => Promise.resolve(),
    close() {
      this.closed = true;
    },
    reset() {
      this.closed = true;
    },
  };
}

Deno.test("only hosts of the cluster, and this machine itself, are listened to", () => {
  const lines: string[] = [];
  const own = { hostname: "10.0.0.1", port: 32767 };
  const log = createLog("info", (line) => lines.push(line));
  const context = makeContext(new DenoEngine(), log, planOf(own.hostname), () => 0);
  context.peers.load({
    hosts: [own, { hostname: "10.0.0.2", port: 32767 }],
    own,
    extra: [],
    addresses: new Map(),
  });
  const cases: [string, boolean][] = [
    ["10.0.0.2", true],
    ["10.0.0.1", true],
    ["127.0.0.5", true],
    ["::1", true],
    ["10.0.0.3", false],
    ["fd00::1", false],
  ];
  for (const [address, listenedTo] of cases) {
    const peer = from(address);
    servePeer(peer, context);
    assert.deepEqual([peer.reads > 0, peer.closed], [listenedTo, true], address);
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /not from a host of this cluster from=10\.0\.0\.3:40000/);
});
