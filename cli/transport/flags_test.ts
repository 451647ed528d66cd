import { deepStrictEqual, throws } from "node:assert/strict";
import { UserError } from "../errors.ts";
import { DEFAULT_SSH_FLAGS, parseSshFlags, type SshFlags, sshOptions } from "./flags.ts";

const good: readonly [string, Partial<SshFlags>][] = [
  ["", {}],
  ["-oConnectTimeout=5", { connectTimeoutMs: 5000 }],
  ["-o ConnectTimeout=5  -C", { connectTimeoutMs: 5000, compression: true }],
  ["-oconnecttimeout=0", {}],
  ["-oServerAliveInterval=0", { keepaliveIntervalMs: 0 }],
  [
    "-oServerAliveInterval=15 -oServerAliveCountMax=4",
    { keepaliveIntervalMs: 15_000, keepaliveCountMax: 4 },
  ],
  ["-oCompression=no", {}],
  ["-oIdentitiesOnly=yes", { identitiesOnly: true }],
  ["-oHostKeyAlias=site-b", { hostKeyAlias: "site-b" }],
  ["-4", { addressFamily: 4 }],
  ["-oAddressFamily=inet6", { addressFamily: 6 }],
  ["-oAddressFamily=any", {}],
  ["-oStrictHostKeyChecking=yes", {}],
  ["-oCiphers=aes128-ctr,aes256-ctr", { ciphers: ["aes128-ctr", "aes256-ctr"] }],
  ["-oMACs=hmac-sha2-256", { macs: ["hmac-sha2-256"] }],
  ["-oKexAlgorithms=curve25519-sha256", { keyExchanges: ["curve25519-sha256"] }],
  ["-oHostKeyAlgorithms=ssh-ed25519", { hostKeyAlgorithms: ["ssh-ed25519"] }],
  // As with ssh, the first counts.
  ["-oConnectTimeout=5 -oConnectTimeout=9", { connectTimeoutMs: 5000 }],
];
for (const [text, flags] of good) {
  Deno.test(`FLAGS=${text}`, () => {
    deepStrictEqual(parseSshFlags(text, "h1/host.env"), { ...DEFAULT_SSH_FLAGS, ...flags });
  });
}

const bad: readonly [string, RegExp][] = [
  ["-oProxyCommand=nc", /h1\/host\.env: FLAGS has ProxyCommand=nc, which is not supported/],
  ["-v", /FLAGS has -v, which/],
  ["-o", /FLAGS has -o, which/],
  ["-oConnectTimeout", /FLAGS has ConnectTimeout, which/],
  ["-oConnectTimeout=soon", /FLAGS has ConnectTimeout=soon, which is no value/],
  ["-oServerAliveCountMax=0", /no value/],
  ["-oCompression=maybe", /no value/],
  ["-oHostKeyAlias=*", /no value/],
  ["-oCiphers=+aes128-cbc", /no value/],
  ["-oAddressFamily=toString", /no value/],
  ["-oStrictHostKeyChecking=no", /no value for StrictHostKeyChecking/],
  ["constructor", /FLAGS has constructor, which/],
];
for (const [text, message] of bad) {
  Deno.test(`FLAGS=${text} is refused by name`, () => {
    throws(() => parseSshFlags(text, "h1/host.env"), (error) => {
      return error instanceof UserError && message.test(error.message);
    });
  });
}

Deno.test("FLAGS reach the ssh program in one spelling", () => {
  deepStrictEqual(sshOptions("-C -o connecttimeout=5 -oServerAliveInterval=3", "f"), [
    "Compression=yes",
    "ConnectTimeout=5",
    "ServerAliveInterval=3",
  ]);
});
