/** Whether the process may open as many files as its listeners and connections need. */
import type { Fields, Log } from "../log.ts";

/** The limit of the process; `hard` is as far as it may raise it. `Infinity` for unlimited. */
export interface OpenFiles {
  readonly soft: number;
  readonly hard: number;
}

const LIMITS_FILE = "/proc/self/limits";
/** Files beside listeners and connections: logs, watches, libraries, threads. */
const OWN = 64;
/** Connections that there should be room for, and sockets of each: two, and while it is found two more. */
const EXPECTED = { connections: 1000, sockets: 4 };

/** Reads the text of /proc/PID/limits; `undefined` when it has no such line. */
export function parseOpenFiles(text: string): OpenFiles | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)\s/m.exec(text);
  if (!match) return undefined;
  const [soft, hard] = match.slice(1).map((word) => word === "unlimited" ? Infinity : Number(word));
  return { soft: soft!, hard: hard! };
}

/** What there is to say of the limit; `undefined` when there is room enough. */
export function judgeOpenFiles(
  { soft, hard }: OpenFiles,
  listeners: number,
):
  | { readonly level: "error" | "warn"; readonly event: string; readonly fields: Fields }
  | undefined {
  const needed = listeners + OWN + EXPECTED.connections * EXPECTED.sockets;
  if (soft >= needed) return undefined;
  const left = soft - OWN - listeners;
  return {
    level: left < 0 ? "error" : "warn",
    event: left < 0
      ? `The limit of open files is too low for ${-left} of ${listeners} listeners`
      : "The limit of open files leaves room for few connections",
    fields: {
      limit: soft,
      hardLimit: hard,
      listeners,
      connections: Math.max(0, Math.floor(left / EXPECTED.sockets)),
      needed,
      try: `set LimitNOFILE=${needed} in the systemd unit, or ulimit -n ${needed} before the start`,
    },
  };
}

/** Says what {@link judgeOpenFiles} finds; nothing where the limit is not known. */
export function warnOfOpenFiles(limit: OpenFiles | undefined, listeners: number, log: Log): void {
  const found = limit && judgeOpenFiles(limit, listeners);
  if (found) log[found.level](found.event, found.fields);
}

/** The limit of this process; `undefined` where the system does not tell it. */
export async function readOpenFiles(): Promise<OpenFiles | undefined> {
  try {
    return parseOpenFiles(await Deno.readTextFile(LIMITS_FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // Not Linux.
    throw error;
  }
}
