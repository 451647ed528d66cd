import assert from "node:assert/strict";
import { Ajv2020, type SchemaObject } from "ajv/dist/2020.js";
import { stringify } from "yaml";
import { compilePod, parseEnvFile } from "../podc/mod.ts";
import { podJsonSchema } from "../podc/spec/json_schema.ts";
import { documentedKeys, withKeys } from "./gen_pod_doc.ts";

const document = await Deno.readTextFile(new URL("../docs/pod.md", import.meta.url));

function errorsOf(source: string, env = ""): string[] {
  const { diagnostics } = compilePod({
    source,
    file: "pod.yaml",
    podName: "app",
    variables: parseEnvFile(env),
    baseDir: "/srv/pods/app",
    configs: new Set(["data", "site"]),
  });
  return diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

Deno.test("docs/pod.md: the keys are those of the schema", async () => {
  const fresh = await withKeys(document);
  assert.equal(document, fresh, "run: deno run -A scripts/gen_pod_doc.ts");
});

Deno.test("docs/pod.md: the example of every key compiles, and is right for editors", () => {
  const validate = new Ajv2020({ strict: false }).compile(podJsonSchema() as SchemaObject);
  for (const { path, pod } of documentedKeys()) {
    const source = stringify(pod);
    assert.deepEqual(errorsOf(source), [], `${path.join(".")}\n${source}`);
    validate(pod);
    assert.deepEqual(validate.errors ?? [], [], `${path.join(".")}\n${source}`);
  }
});

Deno.test("docs/pod.md: every whole pod in the text compiles", () => {
  const blocks = [...document.matchAll(/^```\w*\n([^]*?)^```$/gm)].map(([, text]) => text!);
  const pods = blocks.filter((text) => text.startsWith("api:") && text.includes("podVersion:"));
  assert.ok(pods.length >= 2);
  for (const pod of pods) assert.deepEqual(errorsOf(pod, "debug=true\ntag=1.2"), [], pod);
});
