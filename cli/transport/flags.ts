/** FLAGS of host.env: the options of ssh that have a meaning here. Nothing here does I/O. */
import { UserError } from "../errors.ts";

/** What FLAGS say, with the defaults filled in. */
export interface SshFlags {
  /** Milliseconds for the connection, the handshake and the login together. */
  readonly connectTimeoutMs: number;
  /** Milliseconds of silence before the host is asked for a sign of life; 0 never asks. */
  readonly keepaliveIntervalMs: number;
  /** Questions without an answer after which the connection counts as lost. */
  readonly keepaliveCountMax: number;
  readonly compression: boolean;
  /** Offer only KEYFILE, nothing else that an agent holds. */
  readonly identitiesOnly: boolean;
  /** The name under which the host key is kept instead of the address. */
  readonly hostKeyAlias?: string;
  readonly addressFamily?: 4 | 6;
  /** Names of algorithms, the preferred first. */
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
  readonly keyExchanges?: readonly string[];
  readonly hostKeyAlgorithms?: readonly string[];
}

export const DEFAULT_SSH_FLAGS: SshFlags = {
  connectTimeoutMs: 30_000,
  keepaliveIntervalMs: 10_000,
  keepaliveCountMax: 3,
  compression: false,
  identitiesOnly: false,
};

type Reader = (value: string) => Partial<SshFlags> | undefined;

const seconds = (make: (ms: number) => Partial<SshFlags>): Reader => (value) =>
  /^[0-9]{1,6}$/.test(value) ? make(Number(value) * 1000) : undefined;
const yesOrNo = (make: (yes: boolean) => Partial<SshFlags>): Reader => (value) =>
  /^(yes|no)$/i.test(value) ? make(value.toLowerCase() === "yes") : undefined;
const names = (make: (names: readonly string[]) => Partial<SshFlags>): Reader => (value) =>
  /^[A-Za-z0-9@.,-]+$/.test(value) && !value.startsWith("-") ? make(value.split(",")) : undefined;

const FAMILIES = new Map<string, Partial<SshFlags>>([
  ["any", {}],
  ["inet", { addressFamily: 4 }],
  ["inet6", { addressFamily: 6 }],
]);

/** The supported options, by the name that ssh has for them. */
const OPTIONS: Readonly<Record<string, Reader>> = {
  ConnectTimeout: seconds((connectTimeoutMs) => connectTimeoutMs > 0 ? { connectTimeoutMs } : {}),
  ServerAliveInterval: seconds((keepaliveIntervalMs) => ({ keepaliveIntervalMs })),
  ServerAliveCountMax: (value) =>
    /^[1-9][0-9]{0,3}$/.test(value) ? { keepaliveCountMax: Number(value) } : undefined,
  Compression: yesOrNo((compression) => ({ compression })),
  IdentitiesOnly: yesOrNo((identitiesOnly) => ({ identitiesOnly })),
  HostKeyAlias: (value) =>
    /^[a-z0-9][a-z0-9._-]*$/.test(value) ? { hostKeyAlias: value } : undefined,
  AddressFamily: (value) => FAMILIES.get(value),
  // Anything but the strictest would accept a host that nobody has looked at.
  StrictHostKeyChecking: (value) => /^(yes|ask)$/i.test(value) ? {} : undefined,
  Ciphers: names((ciphers) => ({ ciphers })),
  MACs: names((macs) => ({ macs })),
  KexAlgorithms: names((keyExchanges) => ({ keyExchanges })),
  HostKeyAlgorithms: names((hostKeyAlgorithms) => ({ hostKeyAlgorithms })),
};

/** Short options, and the long ones that they stand for. */
const SHORT: Readonly<Record<string, string>> = {
  "-C": "Compression=yes",
  "-4": "AddressFamily=inet",
  "-6": "AddressFamily=inet6",
};

/**
 * The options in `text` as `Name=value`, in ssh's spelling: `-oName=value`, `-o Name=value`, `-C`,
 * `-4` and `-6` are understood.
 *
 * @param file the env file that the text is from, for messages
 * @throws {UserError} naming an option that is not supported, or whose value makes no sense
 */
export function sshOptions(text: string, file: string): string[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const options: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const short = Object.hasOwn(SHORT, word) ? SHORT[word] : undefined;
    const long = word === "-o" ? words[++at] ?? "" : word.startsWith("-o") ? word.slice(2) : "";
    options.push(short ?? canonical(long, word, file));
  }
  return options;
}

/** Reads the options in `text`; the first of a name counts, as with ssh. */
export function parseSshFlags(text: string, file: string): SshFlags {
  return sshOptions(text, file).reduceRight((flags, option) => {
    const at = option.indexOf("=");
    return { ...flags, ...OPTIONS[option.slice(0, at)]!(option.slice(at + 1)) };
  }, DEFAULT_SSH_FLAGS);
}

function canonical(option: string, word: string, file: string): string {
  const [, key = "", value = ""] = /^([^=]*)=(.*)$/.exec(option) ?? [];
  const known = Object.keys(OPTIONS).find((name) => name.toLowerCase() === key.toLowerCase());
  const shown = option === "" ? word : option;
  if (known === undefined) {
    throw new UserError(`Cannot use ${file}: FLAGS has ${shown}, which is not supported`, {
      hint: `use -oName=value with ${Object.keys(OPTIONS).join(", ")}, or -C, -4, -6`,
    });
  }
  if (OPTIONS[known]!(value) === undefined) {
    throw new UserError(`Cannot use ${file}: FLAGS has ${shown}, which is no value for ${known}`, {
      ...(known === "StrictHostKeyChecking"
        ? { hint: "leave it out; host keys are accepted with: sns host trust <host>" }
        : {}),
    });
  }
  return `${known}=${value}`;
}
