/** The command line of `simplenetes-letsencrypt`. Pure. */
import { resolve } from "node:path";
import { parseArgs as parse } from "node:util";
import { VERSION } from "../../../proxy/conf/mod.ts";
import { messageOf } from "./error_message.ts";

export const HELP = `Usage: simplenetes-letsencrypt [options] certs.txt

Gets the certificates that certs.txt lists, renews each when a third of its lifetime is left, and
serves them as one archive to the ingress pods of the cluster.

  certs.txt                a line per certificate: its domains, separated by blanks; # begins a comment
  --state=DIR              account and certificates; made when missing; required
  --directory=WHICH        production (the default) or staging of Let's Encrypt, or the URL of the
                           ACME directory of another CA
  --ca-file=FILE           certificates to trust for that URL, PEM, instead of the public ones
  --email=ADDRESS          where the CA may write to
  --interface=ADDRESS      address to listen on; that of the pod, else 127.0.0.1
  --challenge-port=PORT    where the CA's requests arrive, by way of the ingress; required
  --bundle-port=PORT       where /certs.tar.gz is served, to this host alone; required
  --http-port=PORT         port at which the domains are reached from outside; 80
  --resolver=IP[:PORT]     DNS server for the check that a domain leads here; the system's
  --no-precheck            order without that check, where the host cannot reach its own public address
  -h, --help               print this
  -V, --version            print the version

SIGHUP: certs.txt has changed. SIGTERM and SIGINT end it.

Exit codes: 0 ended by a signal, 1 it failed, 2 wrong usage.

Example: simplenetes-letsencrypt --state=data --directory=staging --challenge-port=8080 \\
           --bundle-port=8081 certs.txt
`;

const DIRECTORIES: Record<string, string> = {
  production: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
};

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Paths are absolute. */
export interface Settings {
  readonly certsFile: string;
  readonly stateDir: string;
  /** URL of the ACME directory. */
  readonly directory: string;
  readonly caFile: string | undefined;
  readonly email: string | undefined;
  readonly challenge: Address;
  readonly bundle: Address;
  readonly httpPort: number;
  readonly resolver: Address | undefined;
  readonly precheck: boolean;
}

const OPTIONS = {
  "state": { type: "string" },
  "directory": { type: "string", default: "production" },
  "ca-file": { type: "string" },
  "email": { type: "string" },
  "interface": { type: "string" },
  "challenge-port": { type: "string" },
  "bundle-port": { type: "string" },
  "http-port": { type: "string", default: "80" },
  "resolver": { type: "string" },
  "no-precheck": { type: "boolean", default: false },
} as const;

/**
 * What the command line asks for; a string says what is wrong with it.
 *
 * @param podInterface POD_HOST_INTERFACE, where a pod is to listen; perhaps empty.
 */
export function parseArgs(
  args: readonly string[],
  podInterface = "",
): Settings | { readonly print: string } | string {
  if (args.includes("--help") || args.includes("-h")) return { print: HELP };
  if (args.includes("--version") || args.includes("-V")) return { print: `${VERSION}\n` };
  try {
    const { values, positionals } = parse({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    const [certsFile, more] = positionals;
    if (certsFile === undefined) throw new Error("Which certs.txt?");
    if (more !== undefined) throw new Error(`Unknown argument "${more}".`);
    if (!values.state) throw new Error("--state is missing.");
    const hostname = values.interface || podInterface || "127.0.0.1";
    return {
      certsFile: resolve(certsFile),
      stateDir: resolve(values.state),
      directory: parseDirectory(values.directory),
      caFile: values["ca-file"] ? resolve(values["ca-file"]) : undefined,
      email: values.email || undefined,
      challenge: { hostname, port: parsePort("--challenge-port", values["challenge-port"]) },
      bundle: { hostname, port: parsePort("--bundle-port", values["bundle-port"]) },
      httpPort: parsePort("--http-port", values["http-port"]),
      resolver: values.resolver ? parseAddress("--resolver", values.resolver, 53) : undefined,
      precheck: !values["no-precheck"],
    };
  } catch (error) {
    return `${messageOf(error)} Try --help.`;
  }
}

function parseDirectory(text: string): string {
  const known = DIRECTORIES[text];
  if (known !== undefined) return known;
  if (!/^https:\/\//.test(text) || !URL.canParse(text)) {
    throw new Error(`--directory=${text} is neither production, staging nor an https URL.`);
  }
  return new URL(text).href;
}

function parsePort(option: string, text: string | undefined): number {
  if (text === undefined) throw new Error(`${option} is missing.`);
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new Error(`${option}=${text} is no port (1 to 65535).`);
  return port;
}

function parseAddress(option: string, text: string, port: number): Address {
  const match = /^(?:\[([0-9a-f:]+)\]|([0-9.]+))(?::([0-9]+))?$/i.exec(text);
  if (!match) throw new Error(`${option}=${text} is no IP[:PORT]; IPv6 addresses stand in [].`);
  return {
    hostname: (match[1] ?? match[2])!,
    port: match[3] === undefined ? port : parsePort(option, match[3]),
  };
}
