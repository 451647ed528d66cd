/** What commands need of the world; tests hand in their own. */
import type { Host } from "../daemon/mod.ts";
import type { HostDir } from "./project/host.ts";
import { type LogStamp, userName } from "./project/log.ts";
import type { Connections } from "./transport/connections.ts";
import type { Ask } from "./transport/identities.ts";
import type { Log } from "./ui/log.ts";
import type { Progress } from "./ui/progress.ts";

export interface Deps {
  /** Absolute path of the working directory. */
  readonly cwd: string;
  readonly env: (name: string) => string | undefined;
  readonly stdout: (text: string) => void;
  /** All of stdin as text. */
  readonly stdin: () => Promise<string>;
  readonly log: Log;
  /** What is being done, for whoever watches. */
  readonly progress: Progress;
  readonly now: () => Date;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
  /** A way to run programs on a host. */
  readonly connect: (host: HostDir) => Host;
  /** The SSH connections of this command. */
  readonly ssh: () => Promise<Connections>;
  /** Asks the person at the terminal, if there is one. */
  readonly ask: Ask;
  /** Whether somebody is there to answer. */
  readonly terminal: boolean;
}

/** Who and when, for log lines. */
export function stampOf({ now, env }: Deps): LogStamp {
  return { now: now(), user: userName(env) };
}
