import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { freshAddress, freshPort } from "../../tests/loopback/mod.ts";
import { parseFacts } from "./facts.ts";
import { askPorts, dial, portsToAsk } from "./outside.ts";

Deno.test("a port is open, refuses, or nobody answers", async () => {
  const [hostname, port] = [freshAddress(), freshPort()];
  using _listener = Deno.listen({ hostname, port });
  strictEqual(await dial(hostname, port), "open");
  // Not the same port after its end: whatever waited there unaccepted is reset.
  strictEqual(await dial(freshAddress(), port), "refused");
  strictEqual(await dial("no-such-host.invalid", port), "silent");
});

Deno.test("asked for are the ports of EXPOSE, and those where somebody listens", async () => {
  const facts = parseFacts("listens\t5432\nlistens\t22\n");
  const ports = portsToAsk(facts, ["443", "22"]);
  deepStrictEqual(ports, [22, 443, 5432]);
  deepStrictEqual(
    [...await askPorts("h", ports, (_, port) => Promise.resolve(port === 22 ? "open" : "silent"))],
    [[22, "open"], [443, "silent"], [5432, "silent"]],
  );
});
