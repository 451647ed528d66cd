/**
 * Runs the CA for tests in whichever network this process is, until its stdin ends. Prints a line of JSON
 * ({@link Served}) when it answers.
 *
 *   deno run -A serve.ts <address> <port for challenges> <name> <address of the name>...
 */
import { Pebble } from "./pebble.ts";

export interface Served {
  /** URL of the ACME directory, and the certificates to trust for it, PEM. */
  readonly directory: string;
  readonly ca: string;
  /** The root of the certificates that it gives out, PEM. */
  readonly root: string;
}

const [address, httpPort, name, ...namesAt] = Deno.args;
await using pebble = await Pebble.start({
  address: address!,
  httpPort: Number(httpPort),
  dnsPort: 53,
});
await pebble.setAddresses(name!, namesAt);
const served: Served = {
  directory: pebble.directory,
  ca: await Deno.readTextFile(pebble.caFile),
  root: await pebble.root(),
};
console.log(JSON.stringify(served));
for await (const _ of Deno.stdin.readable);
