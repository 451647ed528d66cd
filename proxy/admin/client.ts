/** Asks a running proxy, as the commands `status` and `metrics` do. */
import { messageOf } from "../error_message.ts";
import { dirname } from "node:path";
import { type HostAddress, parseHostsConf, parseProxyConf } from "../conf/mod.ts";
import type { Applicant } from "../succession.ts";
import { findSocketPaths, type SocketDirectories, socketDirectories } from "./socket_path.ts";

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 10_000;

/** There is no place where the socket of a proxy could be. */
export class NoSocketError extends Error {
  override readonly name = "NoSocketError";
}

/**
 * The answer of the proxy that runs with `confFile` to `GET path`.
 *
 * @param confFile Absolute path of proxy.conf.
 * @throws Error when the file can't be read, no proxy runs for it, or it does not answer well in time.
 */
export async function askProxy(
  confFile: string,
  path: "/status" | "/metrics",
  directories: SocketDirectories = socketDirectories(),
): Promise<string> {
  const { sockets, problems } = await socketsOf(confFile, directories);
  const tried: string[] = [];
  for (const socket of sockets) {
    const answer = await ask(socket, path);
    if (typeof answer === "string") return answer;
    tried.push(`${socket} (${answer.problem})`);
  }
  const where = tried.length > 0
    ? `at ${tried.join(" and ")}`
    : "and there is no private directory that its socket could be in";
  const Kind = sockets.length > 0 ? Error : NoSocketError;
  throw new Kind([
    `No proxy answers for ${confFile} ${where}`,
    ...problems.map((problem) => `${confFile}: ${problem}`),
    `Start it with simplenetes-proxy ${confFile}, or ask as the user that it runs as`,
  ].join("\n"));
}

async function socketsOf(
  confFile: string,
  directories: SocketDirectories,
): Promise<{ sockets: string[]; problems: readonly string[] }> {
  const text = await Deno.readTextFile(confFile).catch((error) => {
    throw new Error(`Cannot read ${confFile}: ${error.message}`, { cause: error });
  });
  const { conf, problems } = parseProxyConf(text, dirname(confFile));
  let hosts: readonly HostAddress[] = [];
  try {
    hosts = parseHostsConf(await Deno.readTextFile(conf.hostsConf)).entries;
  } catch (error) {
    // Without it, a proxy listens on all interfaces, and its socket is named after that.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { sockets: await findSocketPaths(conf, hosts, directories), problems };
}

/** What a running proxy says to one that wants to take over. */
export type TakeoverAnswer =
  /** The sockets are given at `path` now. */
  | { readonly path: string; readonly pid: number; readonly confFile: string }
  | { readonly refusal: string };

/**
 * Asks the proxy that runs for the address of `confFile` for its listening sockets.
 *
 * @returns Its answer; `undefined` when none runs.
 * @throws Error when the file can't be read.
 */
export async function postTakeover(
  confFile: string,
  applicant: Applicant,
  directories: SocketDirectories = socketDirectories(),
): Promise<TakeoverAnswer | undefined> {
  for (const socket of (await socketsOf(confFile, directories)).sockets) {
    try {
      const answer = await ask(socket, "/takeover", JSON.stringify(applicant));
      if (typeof answer === "string") return JSON.parse(answer);
    } catch (error) {
      return { refusal: messageOf(error) };
    }
  }
  return undefined;
}

/** The answer to a GET, or to a POST of `body`, or why nobody is there. */
async function ask(
  socket: string,
  path: string,
  body?: string,
): Promise<string | { problem: string }> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  let response: Response;
  let text: string;
  try {
    response = await fetch(`http://proxy${path}`, {
      client,
      method: body === undefined ? "GET" : "POST",
      body: body ?? null,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new Error(`The proxy at ${socket} did not answer within ${ANSWER_MS} ms`);
    }
    return { problem: await whyNobody(socket, error) };
  }
  if (!response.ok) throw new Error(`The proxy at ${socket} could not tell: ${text.trim()}`);
  return text;
}

/** What a connect says, in a word. */
async function whyNobody(path: string, error: unknown): Promise<string> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "there is no such socket";
    if (cause instanceof Deno.errors.ConnectionRefused) return "nobody serves it any more";
    if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  }
  return messageOf(error);
}
