import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { importFile } from "./import_file.ts";

const COMPOSE = "services: { web: { image: web:1 } }";

/** Runs it with files in memory. */
async function run(args: readonly string[], files: Record<string, string> = {}) {
  const said = { out: "", err: "", written: {} as Record<string, string> };
  const code = await importFile(args, {
    read: (file) =>
      files[file] === undefined
        ? Promise.reject(new Deno.errors.NotFound())
        : Promise.resolve(files[file]),
    create: (file, text) => {
      if (files[file] !== undefined) return Promise.reject(new Deno.errors.AlreadyExists());
      said.written[file] = text;
      return Promise.resolve();
    },
    stdout: (text) => said.out += text,
    stderr: (text) => said.err += text,
  });
  return { code, ...said };
}

Deno.test("to stdout, from stdin, or into a file that is not there", async () => {
  const plain = await run(["c.yaml"], { "c.yaml": COMPOSE });
  strictEqual(plain.code, 0);
  match(plain.out, /^ *- name: web\n *image: web:1$/m);
  match((await run(["-"], { "-": COMPOSE })).out, /from standard input/);
  for (const args of [["-o", "p.yaml"], ["-op.yaml"], ["--outfile=p.yaml"]]) {
    const made = await run(["c.yaml", ...args], { "c.yaml": COMPOSE });
    strictEqual(made.out, "");
    deepStrictEqual(Object.keys(made.written), ["p.yaml"]);
  }
  const there = await run(["c.yaml", "-o", "p.yaml"], { "c.yaml": COMPOSE, "p.yaml": "mine" });
  strictEqual(there.code, 1);
  match(there.err, /p\.yaml is there already/);
});

for (
  const [text, problem] of [
    ["", /f is neither a compose file|f is empty/],
    ["a: [", /f: /],
    ["a: 1", /neither a compose file .* nor a Kubernetes/],
    ["services: {}", /f: services is empty/],
    ["services: [web]", /f: services is no mapping/],
    ["services: { web: 5 }", /f: services\.web is no mapping/],
    ["services: { web: { command: { a: 1 } } }", /services\.web\.command is no list/],
    ["services: { web: { ports: 80 } }", /services\.web\.ports is no list/],
    ["services: { a: { depends_on: [b] }, b: { depends_on: [a] } }", /a -> b -> a/],
    ["kind: Pod\nspec: {}", /Pod\.spec\.containers is empty/],
    ["kind: Pod\nspec: { containers: [{ name: a }] }", /no name or no image/],
    ["kind: Service\nspec: {}", /neither a compose file/],
  ] as const
) {
  Deno.test(`refused with a reason: ${text}`, async () => {
    const { code, err, out } = await run(["f"], { f: text });
    strictEqual(code, 1);
    match(err, problem);
    strictEqual(out, "");
  });
}

Deno.test("wrong usage", async () => {
  for (const args of [[], ["a", "b"], ["a", "-o"], ["a", "--colour"]]) {
    strictEqual((await run(args)).code, 2);
  }
  match((await run(["gone.yaml"])).err, /There is no gone\.yaml/);
  ok((await run(["--help"])).out.includes("Example:"));
});
