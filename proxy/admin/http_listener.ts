/**
 * HTTP over TCP, and on a unix socket: that is private from its first moment, and never taken from
 * a live owner.
 */
import { messageOf } from "../error_message.ts";
import { dirname, join } from "node:path";
import type { HostAddress } from "../conf/mod.ts";

/** Bytes in the path of a socket, as the kernel has it. */
const MAX_PATH = 107;
/** A live owner accepts at once; in milliseconds. */
const CONNECT_MS = 1000;

/** Answers one request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** An address that is served. */
export interface HttpListener {
  /** Whether it can still be reached: a socket may be removed by others. */
  isThere(): Promise<boolean>;
  /** Ends it, and removes its socket. Requests under way are cut off. */
  close(): Promise<void>;
}

let made = 0;

/**
 * Serves HTTP at `path`, for this user only. A socket that nobody serves any more is replaced.
 *
 * @param replace Whether it may be taken from another process that serves it.
 * @throws Error when something else is at `path`, or another process serves it.
 */
export async function serveUnix(
  path: string,
  handler: Handler,
  replace = false,
): Promise<HttpListener> {
  if (new TextEncoder().encode(path).length > MAX_PATH) {
    throw new Error(`Cannot make the socket ${path}: its path is longer than ${MAX_PATH} bytes`);
  }
  await refuseOthers(path, replace);
  // Renaming replaces at once: nobody ever meets a half-made socket, or one of the wrong mode.
  const temporary = join(dirname(path), `.${Deno.pid}-${++made}.sock`);
  await removeSocket(temporary); // Of a process that had this number before.
  const abort = new AbortController();
  const server = bind(temporary, handler, abort.signal);
  let ino: number | null;
  try {
    ({ ino } = await Deno.lstat(temporary));
    await Deno.rename(temporary, path);
  } catch (error) {
    abort.abort();
    await server.finished;
    throw error;
  }
  const isThere = async () => (await lstat(path))?.ino === ino;
  return {
    isThere,
    async close() {
      if (await isThere()) await Deno.remove(path);
      abort.abort();
      await server.finished;
    },
  };
}

/** Serves HTTP at an address. @throws When it can't be bound. */
export function serveTcp({ hostname, port }: HostAddress, handler: Handler): HttpListener {
  const abort = new AbortController();
  const { signal } = abort;
  const server = Deno.serve({ hostname, port, signal, onListen() {}, onError }, handler);
  return {
    isThere: () => Promise.resolve(true),
    async close() {
      abort.abort();
      await server.finished;
    },
  };
}

/** A server on a new socket that only this user may connect to. */
function bind(path: string, handler: Handler, signal: AbortSignal): Deno.HttpServer {
  const umask = Deno.umask(0o177);
  try {
    return Deno.serve({ path, signal, onListen() {}, onError }, handler);
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`Cannot make a socket in ${dirname(path)}: ${reason}`, { cause: error });
  } finally {
    Deno.umask(umask);
  }
}

function onError(error: unknown): Response {
  return new Response(`${error}\n`, { status: 500 });
}

async function removeSocket(path: string): Promise<void> {
  if ((await lstat(path))?.isSocket) await Deno.remove(path);
}

/** Throws unless `path` is free, or has a socket without an owner. */
async function refuseOthers(path: string, replace: boolean): Promise<void> {
  const info = await lstat(path);
  if (!info) return;
  if (!info.isSocket) throw new Error(`Cannot make the socket ${path}: a file is there`);
  if (!replace && await isServed(path)) {
    throw new Error(`Cannot make the socket ${path}: another process serves it, a second proxy?`);
  }
}

async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether someone accepts connections at `path`; an owner too busy to answer counts. */
async function isServed(path: string): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(resolve, CONNECT_MS, "late"));
  const connecting = Deno.connect({ transport: "unix", path }).then(
    (conn) => {
      conn.close();
      return true;
    },
    (error) => {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      if (error instanceof Deno.errors.NotFound) return false;
      return true; // It can't be told: rather no socket than one taken away.
    },
  );
  try {
    return await Promise.race([connecting, late]) !== false;
  } finally {
    clearTimeout(timer);
  }
}
