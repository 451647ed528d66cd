/**
 * Stands where the proxy of a host should: `fake_peer.ts ADDRESS PORT CLUSTER-PORT MODE`. It refuses other
 * cluster ports as a proxy does, and for that one:
 *
 * - close: closes; mute: says nothing; half: says half of the answer, and no more
 * - garbage: says something else; late: gives its answer after 4000 ms
 * - drip: the right answer and a pod's greeting ("drip"), one byte at a time, then it echoes
 */
import { receiveLine, send } from "./wire.ts";

const [hostname, port, clusterPort, mode] = Deno.args as [string, string, string, string];
const ANSWER = "SENDPROXY=false\r\n";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const held: Deno.TcpConn[] = [];

const listener = Deno.listen({ hostname, port: Number(port), tcpBacklog: 4096 });
console.log("ready");
for await (const conn of listener) {
  serve(conn).catch(() => {}); // The asking proxy may give up at any time.
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  if (!(await receiveLine(conn)).endsWith(` ${clusterPort}`)) return conn.close();
  switch (mode) {
    case "close":
      return conn.close();
    case "mute":
      return void held.push(conn);
    case "half":
      await send(conn, ANSWER.slice(0, 12));
      return void held.push(conn);
    case "garbage":
      await send(conn, "HTTP/1.1 400 Bad Request\r\n\r\n" + "\0\r\n".repeat(5000));
      return conn.close();
    case "late":
      await pause(4000);
      await send(conn, ANSWER + "late\n");
      return void held.push(conn);
    case "drip":
      for (const byte of ANSWER + "drip\n") {
        await send(conn, byte);
        await pause(5);
      }
      await conn.readable.pipeTo(conn.writable);
      return;
    default:
      throw new Error(`Unknown mode ${mode}`);
  }
}
