import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020, type SchemaObject } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { podJsonSchema } from "./json_schema.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
const validate = ajv.compile(podJsonSchema() as SchemaObject);

/** All pod.yaml files below `directory`. */
function* podFiles(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* podFiles(path);
    else if (entry.name === "pod.yaml") yield path;
  }
}

const good = ["tests/fixtures/pods", "examples", "pods"].flatMap((directory) => [
  ...podFiles(join(ROOT, directory)),
]).filter((path) => !path.includes("/error-"));

for (const path of good) {
  Deno.test(`JSON Schema: takes ${path.slice(ROOT.length)}`, () => {
    // Editors read what the user wrote, where blocks of a directive may give a key twice.
    validate(parse(Deno.readTextFileSync(path), { uniqueKeys: false }));
    assert.deepEqual(validate.errors ?? [], []);
  });
}

Deno.test("JSON Schema: says what is wrong with single keys", () => {
  const container = (keys: object) => ({
    api: "1.0.0",
    podVersion: "1.0.0",
    containers: [{ name: "web", image: "example.com/web:1", ...keys }],
  });
  const right = [
    {},
    { restart: "on-interval:5" },
    { restart: "${policy}" },
    { expose: [{ hostPort: "${PORT}", targetPort: "80" }] },
    { readOnly: "true", network: null, args: null },
    { user: 1000, resources: { cpus: 2, memory: "5M" } },
    { env: [{ name: "A", value: 5 }, { name: "B" }] },
  ];
  for (const keys of right) {
    validate(container(keys));
    assert.deepEqual(validate.errors ?? [], [], JSON.stringify(keys));
  }
  const wrong = [
    { restart: "on-interval" },
    { restart: "${policy" },
    { expose: [{ hostPort: 70000, targetPort: 80 }] },
    { expose: [{ hostPort: "eighty", targetPort: 80 }] },
    { readOnly: "yes" },
    { ports: [80] },
    { name: "My-Container" },
    { workingDir: "app" },
    { command: "run it" },
    { resources: { memory: 512 } },
    { readinessProbe: {} },
  ];
  for (const keys of wrong) assert.equal(validate(container(keys)), false, JSON.stringify(keys));
  assert.equal(validate({ podVersion: "1.0.0" }), false);
  assert.equal(validate({ api: "2.0.0", podVersion: "1.0.0" }), false);
});

Deno.test("JSON Schema: every key has a title, a description and an example", () => {
  const keys: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties, items, anyOf } = schema as Record<string, unknown>;
    for (const [key, value] of Object.entries(properties ?? {})) {
      keys.push(`${path}.${key}`);
      const { title, description, examples } = value as Record<string, unknown>;
      assert.equal(title, key);
      assert.match(String(description), /^\S.{2,}[^.]$/, `${path}.${key}`);
      assert.equal((examples as unknown[]).length, 1);
      visit(value, `${path}.${key}`);
    }
    visit(items, path);
    if (Array.isArray(anyOf)) { for (const each of anyOf) visit(each, path); }
  };
  visit(podJsonSchema(), "");
  assert.ok(keys.includes(".containers.expose.ingress.pathBeg"));
  assert.ok(keys.length > 80, String(keys.length));
});
