/**
 * One case per directory of tests/fixtures/ingress: what becomes of its pod.ingress.conf files stands in
 * `expected/`. `GOLDEN_UPDATE=1 deno test -A tests/ingress/golden_test.ts` writes what is made now; look
 * at the difference before committing it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { configId } from "../../cli/ingress/haproxy_cfg.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";
import { generateCase, ingressCases, officialTemplates } from "./cases.ts";
import { whyMissing } from "../proxy/other_programs.ts";
import { run } from "../shell/pod_folder.ts";

const update = Deno.env.get("GOLDEN_UPDATE") === "1";
const reason = await whyMissing("haproxy");

/** The proxy's name is known on hosts only, and there is no certificate; other warnings would be ours to mend. */
const EXPECTED = /could not resolve address 'proxy'|no SSL certificate specified for bind/;

for (const each of ingressCases()) {
  Deno.test(`ingress golden: ${each.name}`, () => {
    const { cfg, messages } = generateCase(each);
    const made = { "haproxy.cfg": cfg, "messages.txt": messages };
    const files = Object.fromEntries(Object.entries(made).filter(([, text]) => text !== ""));
    const expected = join(each.path, "expected");
    if (update) writeAll(expected, files);
    assert.deepEqual(readAll(expected), files);
    assert.equal(
      cfg === "",
      each.name.startsWith("wrong-"),
      "wrong- cases, and only they, have errors",
    );
  });
}

Deno.test("the order in which rules are found makes no difference to one byte", () => {
  const cases = ingressCases();
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.infiniteStream(fc.nat()), (each, numbers) => {
      const once = generateCase(each);
      const again = generateCase(each, undefined, (sources) => shuffle(sources, numbers));
      assert.equal(again.cfg, once.cfg);
    }),
    { numRuns: 200 },
  );
});

function shuffle<T>(list: readonly T[], numbers: Iterator<number>): T[] {
  const keyed = list.map((each) => [numbers.next().value as number, each] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, each]) => each);
}

Deno.test("the id changes with the configuration, and is the one that is told", () => {
  const ids = ingressCases().map((each) => configId(generateCase(each).cfg))
    .filter((id) => id !== undefined);
  assert.equal(new Set(ids).size, ids.length);
  for (const each of ingressCases()) {
    const { cfg } = generateCase(each);
    if (cfg !== "") assert.ok(cfg.includes(`string "${configId(cfg)}\\n" if { path /config }`));
  }
});

Deno.test({
  name: `HAProxy accepts all cases with the official templates${
    reason ? ` (skipped: ${reason})` : ""
  }`,
  ignore: reason !== undefined,
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: "ingress-golden-" });
    try {
      for (const name of ["conf", "usercerts", "autocerts"]) await Deno.mkdir(join(dir, name));
      for (const [path, text] of OFFICIAL_PODS.get("ingress")!.configs) {
        if (path.startsWith("conf/")) await Deno.writeTextFile(join(dir, path), text);
      }
      const variants = [
        {},
        {
          ingress_stats: "true",
          ingress_hsts: "1",
          ingress_requestRate: "5",
          ingress_acceptProxy: "true",
        },
        { ingress_connRate: "", ingress_accessLog: "false" },
      ];
      for (const each of ingressCases()) {
        for (const env of variants) {
          const { cfg } = generateCase(each, officialTemplates(env));
          if (cfg === "") continue;
          await Deno.writeTextFile(join(dir, "conf/haproxy.cfg"), cfg);
          const script = "cli/ingress/check_config.sh";
          const ran = await run("sh", [script, dir, ""]);
          assert.equal(ran.code, 0, `${each.name} ${JSON.stringify(env)}:\n${ran.out}`);
          const warnings = ran.out.split("\n").filter((line) =>
            line.startsWith("[WARNING]") && !EXPECTED.test(line)
          );
          assert.deepEqual(warnings, [], each.name);
        }
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

function readAll(directory: string): Record<string, string> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  return Object.fromEntries(
    names.map((name) => [name, Deno.readTextFileSync(join(directory, name))]),
  );
}

function writeAll(directory: string, files: Record<string, string>): void {
  Deno.mkdirSync(directory, { recursive: true });
  for (const { name } of Deno.readDirSync(directory)) Deno.removeSync(join(directory, name));
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(join(directory, name), text);
  }
}
