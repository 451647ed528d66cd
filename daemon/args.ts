/** The daemon's command line. */
import { parseArgs } from "node:util";

export type Invocation =
  | { readonly kind: "help" | "version" }
  | { readonly kind: "serve"; readonly home: string; readonly pollSeconds: number };

/** The command line cannot be followed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Usage: simplenetesd [options] <hosthome>

Keeps the pods of one host home as their pod.state files say, and tells the
proxy which of them may get traffic. Stays in the foreground, logs to stderr.

  <hosthome>          the directory that "sns host init" made on this host
  --poll-seconds=N    look at everything at least that often (default 10)
  -h, --help          show this
  -V, --version       show the version

Environment: SPACE_LOG_LEVEL 0 to 5 (default 4; 5 shows everything),
SIMPLENETES_BIN a directory that is put in front of the pods' PATH.

SIGTERM, SIGINT or SIGHUP ends it when the pod commands under way are done; a
second one ends it at once. The pods keep running.

Example: simplenetesd ~/cluster-host
`;

/** @throws {UsageError} */
export function parseInvocation(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const [home, ...more] = positionals;
  if (home === undefined) {
    throw new UsageError(
      "No host home is given. Serving all host homes of a host comes in a later version: " +
        'name one, as in "simplenetesd ~/cluster-host"',
    );
  }
  if (more.length > 0) throw new UsageError(`More than one host home is given: ${more.join(" ")}`);
  if (home === "") throw new UsageError("The host home is empty");
  if (home === "help" || home === "version") return { kind: home };
  return { kind: "serve", home, pollSeconds: seconds(values["poll-seconds"] ?? "10") };
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
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
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
