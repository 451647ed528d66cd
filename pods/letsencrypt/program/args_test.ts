import { deepStrictEqual, match, ok } from "node:assert/strict";
import { parseArgs } from "./args.ts";

const NEEDED = ["--state=/s", "--challenge-port=1", "--bundle-port=2", "/certs.txt"];

Deno.test("the interface: as given, else the pod's, else loopback", () => {
  const interfaceOf = (args: string[], pod?: string) => {
    const settings = parseArgs([...NEEDED, ...args], pod);
    ok(typeof settings === "object" && "bundle" in settings);
    return [settings.challenge.hostname, settings.bundle.hostname];
  };
  deepStrictEqual(interfaceOf(["--interface=10.0.0.2"], "10.0.0.1"), ["10.0.0.2", "10.0.0.2"]);
  deepStrictEqual(interfaceOf([], "10.0.0.1"), ["10.0.0.1", "10.0.0.1"]);
  deepStrictEqual(interfaceOf([], ""), ["127.0.0.1", "127.0.0.1"]);
});

Deno.test("directory and resolver", () => {
  const settings = parseArgs([...NEEDED, "--directory=staging", "--resolver=[::1]:5353"]);
  ok(typeof settings === "object" && "bundle" in settings);
  match(settings.directory, /^https:\/\/acme-staging-v02\.api\.letsencrypt\.org\//);
  deepStrictEqual(settings.resolver, { hostname: "::1", port: 5353 });
});

for (
  const [args, problem] of [
    [[], /Which certs\.txt/],
    [["--state=s", "--challenge-port=1", "--bundle-port=2"], /Which certs\.txt/],
    [["certs.txt"], /--state is missing/],
    [[...NEEDED, "more"], /Unknown argument "more"/],
    [[...NEEDED, "--colour"], /--colour/],
    [[...NEEDED, "--challenge-port=0"], /--challenge-port=0 is no port/],
    [[...NEEDED, "--http-port=65536"], /--http-port=65536 is no port/],
    [[...NEEDED, "--directory=http://ca.example"], /neither production, staging nor an https URL/],
    [[...NEEDED, "--resolver=dns.example"], /is no IP\[:PORT\]/],
  ] as const
) {
  Deno.test(`wrong: ${args.join(" ")}`, () => {
    const told = parseArgs(args);
    ok(typeof told === "string");
    match(told, problem);
    match(told, /Try --help\.$/);
  });
}
