import assert from "node:assert/strict";
import { clientFilter } from "./client_access.ts";
import type { Connection } from "./engine.ts";

const LOCAL = { hostname: "10.0.0.1", port: 61000 };

/** A client from `hostname`; only its addresses matter. */
function clientFrom(hostname: string): Connection {
  return { local: LOCAL, remote: { hostname, port: 40000 } } as Connection;
}

Deno.test("own, addresses, networks and any", () => {
  const cases: [string[], string[], string[]][] = [
    [["own"], ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1"], ["10.0.0.2", "10.88.0.5", "fd00::1"]],
    [["10.0.0.2"], ["10.0.0.2"], ["10.0.0.1", "127.0.0.1", "10.0.0.20"]],
    [["own", "10.88.0.0/16"], ["10.0.0.1", "10.88.0.5"], ["10.89.0.5"]],
    [["fd00::/8"], ["fd00::1"], ["fe80::1", "10.0.0.1"]],
    [["any"], ["192.0.2.1", "fe80::1"], []],
  ];
  for (const [conf, inside, outside] of cases) {
    const mayConnect = clientFilter(conf);
    for (let turn = 0; turn < 2; turn++) {
      for (const address of inside) assert.ok(mayConnect(clientFrom(address)), address);
      for (const address of outside) assert.ok(!mayConnect(clientFrom(address)), address);
    }
  }
});

Deno.test("with any no address is asked for; verdicts stay right however many addresses there are", () => {
  assert.ok(clientFilter(["any", "own"])({} as Connection));
  const mayConnect = clientFilter(["10.0.0.0/17"]);
  for (let turn = 0; turn < 2; turn++) {
    for (let index = 0; index < 5000; index++) {
      const third = index % 256;
      const address = `10.0.${third}.${index >> 8}`;
      assert.equal(mayConnect(clientFrom(address)), third < 128, address);
    }
  }
});
