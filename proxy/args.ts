/** The command line of `simplenetes-proxy`. Pure. */
import { resolve } from "node:path";
import { VERSION } from "./conf/mod.ts";

const HELP = `Usage: simplenetes-proxy [--takeover] [proxy.conf]
       simplenetes-proxy status [--json] [proxy.conf]
       simplenetes-proxy metrics [proxy.conf]
       simplenetes-proxy ready [proxy.conf]

Connects the pods of a cluster: listens on the cluster ports, and hands each connection to a pod
that serves the port, on this host or another one.

  --takeover      take the ports of a proxy that runs for the same address over; it drains and ends,
                  and no connection is refused
  status          what the running proxy of a proxy.conf does; --json for programs
  metrics         what it counts, in the text format of Prometheus
  ready           exit code 0 when the proxy of this proxy.conf serves, or takes over from
                  another one as soon as that ends
  proxy.conf      its settings; ./proxy.conf by default
  -h, --help      print this
  -V, --version   print the version

SIGHUP reads the files again (changes are noticed without it, too). SIGTERM and SIGINT let open
connections go on for DRAINSECONDS; a second one ends them. The environment variable LOG_LEVEL is
debug, info (the default), warn or error; LOG_FORMAT is text (the default) or json.

Exit codes: 0 done, 1 it failed or no proxy runs, 2 wrong usage.

Example: simplenetes-proxy status /home/me/h1/pods/proxy/config/conf/proxy.conf
`;

const COMMANDS = ["status", "metrics", "ready"] as const;

/** What is to be done. Paths are absolute. */
export type Asked =
  | { readonly print: string }
  | { readonly command: "run"; readonly file: string; readonly takeover: boolean }
  | { readonly command: "metrics"; readonly file: string }
  | { readonly command: "ready"; readonly file: string }
  | { readonly command: "status"; readonly file: string; readonly json: boolean };

/** What the command line asks for; a string says what is wrong with it. */
export function parseArgs(args: readonly string[]): Asked | string {
  if (args.includes("--help") || args.includes("-h")) return { print: HELP };
  if (args.includes("--version") || args.includes("-V")) return { print: `${VERSION}\n` };
  const command = COMMANDS.find((each) => each === args[0]) ?? "run";
  const rest = command === "run" ? args : args.slice(1);
  const json = command === "status" && rest.includes("--json");
  const takeover = command === "run" && rest.includes("--takeover");
  const flag = command === "run" ? "--takeover" : command === "status" ? "--json" : undefined;
  const words = rest.filter((word) => word !== flag);
  const option = words.find((word) => word.startsWith("-"));
  if (option !== undefined) return `Unknown option ${option}. Try --help.`;
  if (words.length > 1) return "More than one proxy.conf given. Try --help.";
  const file = resolve(words[0] ?? "proxy.conf");
  if (command === "run") return { command, file, takeover };
  return command === "status" ? { command, file, json } : { command, file };
}
