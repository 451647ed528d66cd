import assert from "node:assert/strict";
import type { Request } from "./arguments.ts";
import { targetsOf } from "./targets.ts";

const REQUEST: Request = {
  pods: [],
  file: undefined,
  outfile: undefined,
  dir: undefined,
  preprocess: true,
  sourceEnv: false,
  undefinedVariables: "error",
  check: false,
  json: false,
};
const FILES = ["/pods/web/pod.yaml", "/pods/db/pod.yaml", "/pods/pod.yaml"];

const targets = (more: Partial<Request>) =>
  targetsOf({ ...REQUEST, ...more }, "/pods", (path) => Promise.resolve(FILES.includes(path)));

Deno.test("targetsOf: names and directories", async () => {
  const table: [Partial<Request>, [string | undefined, string][]][] = [
    [{}, [[undefined, "pod.yaml"]]],
    [{ file: "a.yaml" }, [[undefined, "a.yaml"]]],
    [{ pods: ["api"] }, [["api", "pod.yaml"]]],
    [{ pods: ["api"], file: "a.yaml" }, [["api", "a.yaml"]]],
    [{ pods: ["web"], file: "a.yaml" }, [["web", "a.yaml"]]],
    [{ pods: ["web"] }, [["web", "web/pod.yaml"]]],
    [{ pods: ["./web/"] }, [["web", "web/pod.yaml"]]],
    [{ pods: ["."] }, [["pods", "pod.yaml"]]],
    [{ pods: ["/pods/db"] }, [["db", "/pods/db/pod.yaml"]]],
    [{ pods: ["web", "db"] }, [["web", "web/pod.yaml"], ["db", "db/pod.yaml"]]],
  ];
  for (const [more, expected] of table) {
    const result = await targets(more);
    assert.ok("targets" in result, JSON.stringify(more));
    assert.deepEqual(result.targets.map(({ podName, file }) => [podName, file]), expected);
  }
});

Deno.test("targetsOf: what is wrong", async () => {
  const table: [Partial<Request>, RegExp][] = [
    [{ pods: ["web", "api"] }, /^api is no directory with a pod.yaml$/],
    [{ pods: ["api", "web"] }, /^api is no directory/],
    [{ pods: ["web", "db"], file: "x" }, /^-f is for one pod/],
    [{ pods: ["web"], outfile: "x" }, /^-o is for one pod/],
  ];
  for (const [more, message] of table) {
    const result = await targets(more);
    assert.ok("wrong" in result, JSON.stringify(more));
    assert.match(result.wrong, message);
  }
});
