/** The daemon's command line. */
import { messageOf } from "./files.ts";
import { parseArgs } from "node:util";

export type Invocation =
  | { readonly kind: "help" | "version" }
  /** Without a home: the host homes of all users. */
  | { readonly kind: "serve"; readonly home?: string; readonly pollSeconds: number }
  | { readonly kind: "status"; readonly home?: string; readonly json: boolean };

/** The command line cannot be followed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Usage: simplenetesd [options] [hosthome]
       simplenetesd status [--json] [hosthome]

Keeps the pods of host homes as their pod.state files say, and tells the proxy
which of them may get traffic. Stays in the foreground, logs to stderr.

  <hosthome>          the directory that "sns host init" made on this host
  (none)              as root: the host homes of all users, each served by a
                      process with its owner's privileges
  status              show what a running simplenetesd does: each pod, its last
                      action, last error and next retry; exit code 1 when none
                      runs
  --json              with status: as JSON
  --poll-seconds=N    look at everything at least that often (default 10)
  -h, --help          show this
  -V, --version       show the version

Environment: SPACE_LOG_LEVEL 0 to 5 (default 4; 5 shows everything),
SIMPLENETES_BIN a directory that is put in front of the pods' PATH,
SIMPLENETESD_RUN_DIR where root's lock and report are (/run/simplenetesd),
SIMPLENETESD_ACCOUNTS names of the accounts that root serves, instead of all
that getent lists and that can log in (the first 1000).

SIGTERM, SIGINT or SIGHUP ends it when the pod commands under way are done; a
second one ends it at once. The pods keep running: the next one, of a newer
version too, takes them over.

Example: simplenetesd ~/cluster-host
`;

/** @throws {UsageError} */
export function parseInvocation(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const status = positionals[0] === "status";
  const [home, ...more] = status ? positionals.slice(1) : positionals;
  if (more.length > 0) throw new UsageError(`More than one host home is given: ${more.join(" ")}`);
  if (home === "") throw new UsageError("The host home is empty");
  const named = home === undefined ? {} : { home };
  if (status) return { kind: "status", json: values.json ?? false, ...named };
  if (values.json) throw new UsageError('--json goes with "status"');
  if (home === "help" || home === "version") return { kind: home };
  return { kind: "serve", pollSeconds: seconds(values["poll-seconds"] ?? "10"), ...named };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "V" },
        "poll-seconds": { type: "string" },
        json: { type: "boolean" },
      },
    });
  } catch (error) {
    const message = messageOf(error);
    throw new UsageError(message, { cause: error });
  }
}

function seconds(text: string): number {
  const number = /^[0-9]{1,4}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : 0;
  if (number < 0.1 || number > 3600) {
    throw new UsageError(`--poll-seconds=${text} is no number from 0.1 to 3600`);
  }
  return number;
}
