import { deepStrictEqual, throws } from "node:assert/strict";
import { parseHostEnv } from "../project/host_env.ts";
import { openings } from "./firewall.ts";

const of = (...lines: string[]) =>
  openings(parseHostEnv(["HOST=203.0.113.7", ...lines].join("\n"), "h1/host.env"), "h1");

Deno.test("the ports of EXPOSE and of SSH are open to all, networks to everything", () => {
  deepStrictEqual(
    of("PORT=2222", "EXPOSE=443 80 80", "INTERNAL=10.0.0.0/8 fd00::/8 192.168.7.4 172.16.0.0/12"),
    {
      ports: [80, 443, 2222],
      networks4: ["10.0.0.0/8", "172.16.0.0/12", "192.168.7.4"],
      networks6: ["fd00::/8"],
    },
  );
});

Deno.test("behind a jump host SSH is not open to all", () => {
  deepStrictEqual(of("JUMPHOST=door", "INTERNAL=10.0.0.0/8").ports, []);
});

for (
  const [line, message] of [
    ["EXPOSE=0", /0 in EXPOSE is no port/],
    ["EXPOSE=http", /http in EXPOSE is no port/],
    ["INTERNAL=10.0.0.0/33", /10\.0\.0\.0\/33 in INTERNAL has more than 32 bits/],
    ["INTERNAL=10.0.0/8", /is no network/],
    ["INTERNAL=10.0.0.0/x", /is no network/],
    ["INTERNAL=0.0.0.0/0", /is the whole internet/],
    ["INTERNAL=172.16.0.0/11", /begins at 172\.0\.0\.0, .* is 172\.16\.0\.0\/12 meant\?/],
  ] as const
) {
  Deno.test(`${line} is refused`, () => {
    throws(() => of(line), message);
  });
}
