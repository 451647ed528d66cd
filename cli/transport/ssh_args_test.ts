import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DEFAULT_SSH_FLAGS } from "./flags.ts";
import type { Hop } from "./route.ts";
import { sshArgs } from "./ssh_args.ts";

const hop = (name: string, more: Partial<Hop> = {}): Hop => ({
  name,
  envFile: `/p/${name}/host.env`,
  address: `${name}.example`,
  port: 22,
  user: "sns",
  flags: DEFAULT_SSH_FLAGS,
  options: [],
  ...more,
});
const options = {
  knownHosts: "/p/known_hosts",
  keyFiles: new Set(["/p/h 1/id", "/p/door/id"]),
  terminal: false,
  command: "true",
};
const own = (key = "") =>
  [
    'UserKnownHostsFile="/p/known_hosts"',
    "GlobalKnownHostsFile=none",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    ...(key === "" ? [] : [`IdentityFile="${key}"`, "IdentitiesOnly=yes"]),
  ].flatMap((option) => ["-o", option]);

Deno.test("ssh for a host with a key and options, on a terminal", () => {
  const host = hop("h1", {
    port: 2222,
    user: "me",
    keyFile: "/p/h 1/id",
    options: ["ConnectTimeout=5"],
  });
  deepStrictEqual(sshArgs([host], { ...options, terminal: true, command: "ls 'a b'" }), [
    ...["-t", "-F", "none", "-p", "2222", "-l", "me", ...own("/p/h 1/id")],
    ...["-o", "ConnectTimeout=5", "--", "h1.example", "ls 'a b'"],
  ]);
});

Deno.test("ssh offers the agent's keys where the key file does not exist", () => {
  const args = sshArgs([hop("h1", { keyFile: "/p/gone" })], options);
  deepStrictEqual(args, [
    "-T",
    "-F",
    "none",
    "-p",
    "22",
    "-l",
    "sns",
    ...own(),
    "--",
    "h1.example",
    "true",
  ]);
});

Deno.test("ssh goes through jump hosts by commands in each other", () => {
  const route = [
    hop("door", { keyFile: "/p/door/id" }),
    hop("inner", { address: "fd00::5" }),
    hop("h1"),
  ] as const;
  const args = sshArgs(route, options);
  const proxy = args.find((word) => word.startsWith("ProxyCommand="))!;
  strictEqual(proxy.startsWith("ProxyCommand=ssh -W h1.example:22 -F none -p 22 -l sns -o "), true);
  // The inner command is one word of the outer one.
  strictEqual(proxy.match(/ssh -W/g)?.length, 2);
  strictEqual(proxy.includes("ssh -W"), true);
  strictEqual(proxy.includes("[fd00::5]:22"), true);
});

Deno.test("paths with quotes, backslashes and percent signs are what they are", () => {
  const args = sshArgs([hop("h1")], { ...options, knownHosts: '/p "x"\\50%/known_hosts' });
  strictEqual(args.includes('UserKnownHostsFile="/p \\"x\\"\\\\50%%/known_hosts"'), true);
});
