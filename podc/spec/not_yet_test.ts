import assert from "node:assert/strict";
import { parseYaml } from "../source/yaml.ts";
import { reportNotYet } from "./not_yet.ts";
import { Reporter } from "./reporter.ts";

const TABLE = new Set(["containers.signal", "containers.restart: on-interval", "volumes"]);

Deno.test("reportNotYet: keys and values by their path, at their place", () => {
  const source = `volumes: [{name: a}]
containers:
  - signal: [{sig: HUP}]
  - restart: on-interval:5
  - restart: always
  - startupProbe: {signal: [{container: a}]}
executable: {signal: [], restart: on-interval:5}
signal: x
`;
  const { root } = parseYaml(source);
  const reporter = new Reporter(() => 0);
  reportNotYet(root!, TABLE, reporter);
  const found = reporter.findings.map(({ message, span }) => [
    source.slice(span!.start, span!.end),
    message,
  ]);
  assert.deepEqual(found, [
    ["volumes", "volumes is not supported yet in this version"],
    ["signal", "signal is not supported yet in this version"],
    ["on-interval:5", "restart on-interval is not supported yet in this version"],
  ]);
});
