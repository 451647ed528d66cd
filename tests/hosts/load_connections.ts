/** Connections of a client that wants to know what becomes of each of its requests. */
import { type ClientHttp2Session, connect } from "node:http2";
import { once } from "node:events";

export interface Connection {
  /** Whether the server has not said that it wants no more requests on it. */
  readonly open: boolean;
  /**
   * One request, or some at once where the protocol has that.
   *
   * @param last no more will come
   * @param answered called with the page of each answer
   * @throws {Error} unless all of them got a whole answer of status 200
   */
  ask(last: boolean, answered: (page: string) => void): Promise<void>;
  close(): void;
}

/** Requests of HTTP/2 that are under way at once on a connection that is kept. */
const AT_ONCE = 3;

/** Over TLS at port 443, else at port 80. */
export async function connectHttp1(hostname: string, tls: boolean): Promise<Connection> {
  const conn = tls
    ? await Deno.connectTls({ hostname, port: 443, alpnProtocols: ["http/1.1"] })
    : await Deno.connect({ hostname, port: 80 });
  return new Http1(conn, hostname);
}

class Http1 implements Connection {
  open = true;

  constructor(readonly conn: Deno.Conn, readonly hostname: string) {}

  async ask(last: boolean, answered: (page: string) => void): Promise<void> {
    const close = last ? "close" : "keep-alive";
    const request = `GET / HTTP/1.1\r\nHost: ${this.hostname}\r\nConnection: ${close}\r\n\r\n`;
    await this.conn.write(new TextEncoder().encode(request));
    let text = "";
    const chunk = new Uint8Array(4096);
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1]);
      if (end >= 0 && text.length >= end + 4 + length) break;
      const count = await this.conn.read(chunk);
      if (count === null) throw new Error(`the connection ended after ${JSON.stringify(text)}`);
      text += new TextDecoder().decode(chunk.subarray(0, count));
    }
    if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(`answer: ${JSON.stringify(text)}`);
    if (/\r\nconnection: close\r\n/i.test(text)) this.open = false;
    answered(text.slice(text.indexOf("\r\n\r\n")).trim());
  }

  close(): void {
    this.conn.close();
  }
}

/** By TLS, at port 443. */
export async function connectHttp2(address: string): Promise<Connection> {
  const session = connect(`https://${address}`, { rejectUnauthorized: false });
  await once(session, "connect");
  return new Http2(session);
}

class Http2 implements Connection {
  #leaving = false;
  #error: unknown;

  constructor(readonly session: ClientHttp2Session) {
    session.on("goaway", () => this.#leaving = true);
    session.on("error", (error) => this.#error = error);
  }

  get open(): boolean {
    if (this.#error !== undefined) throw this.#error;
    return !this.#leaving && !this.session.closed && !this.session.destroyed;
  }

  async ask(last: boolean, answered: (page: string) => void): Promise<void> {
    const one = async () => answered(await this.#one());
    const all = await Promise.allSettled(Array.from({ length: last ? 1 : AT_ONCE }, one));
    for (const each of all) if (each.status === "rejected") throw each.reason;
  }

  #one(): Promise<string> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({ ":path": "/" });
      let [status, text] = [0, ""];
      stream.setEncoding("utf8");
      stream.on("response", (head) => status = Number(head[":status"]));
      stream.on("data", (chunk: string) => text += chunk);
      stream.on("error", reject);
      stream.on("close", () => {
        if (status === 200 && text.endsWith("\n")) resolve(text.trim());
        else reject(new Error(`answer: ${status} ${JSON.stringify(text)}, ${stream.rstCode}`));
      });
      stream.end();
    });
  }

  close(): void {
    this.session.destroy();
  }
}
