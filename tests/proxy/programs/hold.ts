/**
 * Clients that are a burden: `hold.ts ADDRESS PORT COUNT KIND`. Opens COUNT connections, prints "ready",
 * and holds them until a line comes on stdin.
 *
 * - silent: says nothing
 * - half-closed: ended its own side
 * - half-header: the start of a PROXY header
 * - slow: asks for a flood and reads nothing
 */
import { close, commands, send } from "./wire.ts";

const [hostname, port, count, kind] = Deno.args as [string, string, string, string];
const conns: Deno.TcpConn[] = [];
let left = Number(count);
await Promise.all(Array.from({ length: 50 }, async () => {
  while (left-- > 0) {
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conns.push(conn);
    if (kind === "half-closed") await conn.closeWrite();
    if (kind === "half-header") await send(conn, "PROXY TC");
    if (kind === "slow") await send(conn, "flood\n");
  }
}));
console.log("ready");
for await (const _ of commands()) break;
for (const conn of conns) close(conn);
console.log("closed");
