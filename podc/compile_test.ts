import assert from "node:assert/strict";
import fc from "fast-check";
import { type CompileInput, compilePod } from "./compile.ts";
import { formatDiagnostic } from "./spec/diagnostic.ts";

const MINIMAL = `api: 1.0.0
podVersion: 1.0.0
containers:
  - name: web
    image: example.com/web:1
`;

const input = (source: string, more: Partial<CompileInput> = {}): CompileInput => ({
  source,
  file: "pod.yaml",
  podName: "web",
  variables: new Map(),
  baseDir: "/base",
  configs: new Set(),
  ...more,
});

Deno.test("compilePod: a minimal pod has everything, and no files that say nothing", () => {
  const output = compilePod(input(MINIMAL));
  assert.deepEqual(output.diagnostics, []);
  assert.equal(output.preprocessed, MINIMAL);
  assert.ok(output.artifacts && "text" in output.artifacts.pod);
  assert.match(output.artifacts.pod.text, /^#!\/bin\/sh\n/);
  assert.equal(output.artifacts.portMappings + output.artifacts.ingress, "");
  assert.deepEqual(output.spec, {
    kind: "containers",
    name: "web",
    version: "1.0.0",
    api: "1.0.0",
    labels: [],
    volumes: [],
    containers: [{
      name: "web",
      image: "example.com/web:1",
      args: [],
      env: [],
      restart: "never",
      network: "pod",
      mounts: [],
      expose: [],
    }],
  });
});

Deno.test("compilePod: with an error there are neither spec nor artifacts", () => {
  const output = compilePod(input(MINIMAL + "oops: 1\n"));
  assert.equal(output.spec, undefined);
  assert.equal(output.artifacts, undefined);
  assert.deepEqual(output.diagnostics.map(({ position }) => position), [
    { line: 6, column: 1, length: 4 },
  ]);
});

Deno.test("compilePod: podVersion comes from the source, whatever the variables say", () => {
  const source = MINIMAL.replace("web:1", "web:${podVersion}");
  const output = compilePod(input(source, { variables: new Map([["podVersion", "9.9.9"]]) }));
  assert.ok(output.spec?.kind === "containers");
  assert.equal(output.spec.containers[0]?.image, "example.com/web:1.0.0");
});

Deno.test("compilePod: a version made of variables", () => {
  const source = MINIMAL.replace(": 1.0.0\ncon", ": 1.0.${patch}\ncon") +
    "    args: ['${podVersion}']\n";
  const output = compilePod(input(source, { variables: new Map([["patch", "7"]]) }));
  assert.ok(output.spec?.kind === "containers");
  assert.equal(output.spec.version, "1.0.7");
  assert.deepEqual(output.spec.containers[0]?.args, ["1.0.7"]);
});

Deno.test("compilePod: without preprocessing nothing is looked at", () => {
  const source = `#ifdef nonsense here\n${MINIMAL}    args: ["\${x}"]\n`;
  const output = compilePod(input(source, { preprocess: false }));
  assert.deepEqual(output.diagnostics, []);
  assert.equal(output.preprocessed, source);
  assert.ok(output.spec?.kind === "containers");
  assert.deepEqual(output.spec.containers[0]?.args, ["${x}"]);
});

Deno.test("compilePod: what a missing variable leads to is not said again", () => {
  const source = MINIMAL.replace("podVersion: 1.0.0", "podVersion: ${v}") + "    restart: ${r}\n";
  const messages = compilePod(input(source)).diagnostics.map(({ message }) => message);
  assert.deepEqual(messages, ["variable v has no value", "variable r has no value"]);
  const old = compilePod(input(source, { undefinedVariables: "empty" })).diagnostics;
  const errors = old.filter(({ severity }) => severity === "error");
  assert.deepEqual(errors.map(({ message }) => message), [
    "podVersion has no value",
    "restart has no value",
  ]);
});

Deno.test("compilePod: a wrong pod name is found beside all other errors", () => {
  const output = compilePod(input(MINIMAL + "oops: 1\n", { podName: "My-Pod" }));
  assert.equal(output.diagnostics.length, 2);
  assert.match(output.diagnostics[0]!.message, /the pod's name "My-Pod"/);
});

Deno.test("compilePod: the same input gives the same bytes", () => {
  assert.deepEqual(compilePod(input(MINIMAL)), compilePod(input(MINIMAL)));
});

const RICH = `api: 1.0.0
podVersion: 1.0.0
labels: [{name: a, value: "b"}]
volumes:
  - name: data
    type: volume
  - {name: conf, type: config}
  - name: src
    type: host
    bind: ./src
#ifdef \${debug}
runtime: podman
#else
runtime: podman
#endif
containers:
  - name: web
    image: example.com/web:1   # 日本 🎉
    command: [run, "--x=\${weird}"]
    env:
      - name: A
        value: \${weird}
    mounts:
      - volume: data
        dest: /data
    expose:
      - hostPort: 8080
        targetPort: 80
        clusterPort: 2000
        ingress:
          - protocol: http
            domain: a.com
`;

/** Changes a pod.yaml as people and accidents do: letters, lines, blocks of lines. */
const mutation = fc.record({
  kind: fc.constantFrom("insert", "delete", "replace", "swapLines", "dropLine", "doubleLine"),
  at: fc.nat(10_000),
  length: fc.nat(8),
  text: fc.oneof(
    fc.constantFrom(
      ..."\t|: |- |#|'|\"|[|]|{|}|&a |*a|!x |${weird}|${|#ifdef x|#else|#endif|\n|\r\n|---\n|%"
        .split("|"),
    ),
    fc.string({ unit: "binary", maxLength: 4 }),
  ),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(source: string, changes: readonly Mutation[]): string {
  return changes.reduce((text, { kind, at, length, text: added }) => {
    const offset = at % (text.length + 1);
    const lines = text.split("\n");
    const line = at % lines.length;
    switch (kind) {
      case "insert":
        return text.slice(0, offset) + added + text.slice(offset);
      case "delete":
        return text.slice(0, offset) + text.slice(offset + length);
      case "replace":
        return text.slice(0, offset) + added + text.slice(offset + length);
      case "swapLines":
        lines.splice(line, 2, ...lines.slice(line, line + 2).reverse());
        return lines.join("\n");
      case "dropLine":
        return lines.toSpliced(line, 1).join("\n");
      default:
        return lines.toSpliced(line, 0, lines[line]!).join("\n");
    }
  }, source);
}

Deno.test("compilePod: never throws, and every diagnostic lies inside the file (property)", () => {
  const variables = new Map([["weird", 'it\'s: a "value"\n- of {many} lines # \\']]);
  const options = { variables, configs: new Set(["conf"]) };
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 6 }), (changes) => {
      const source = mutate(RICH, changes);
      const { diagnostics, artifacts } = compilePod(input(source, options));
      const lines = source.split("\n");
      for (const diagnostic of diagnostics) {
        const { position } = diagnostic;
        if (position) {
          const line = lines[position.line - 1];
          assert.ok(line !== undefined && position.column >= 1 && position.length >= 1);
          assert.ok(position.column <= line.length + 1, JSON.stringify(diagnostic));
        }
        assert.ok(formatDiagnostic(diagnostic, source).split("\n").length <= 4);
      }
      const failed = diagnostics.some(({ severity }) => severity === "error");
      assert.equal(artifacts === undefined, failed);
    }),
    { numRuns: 1500 },
  );
});
