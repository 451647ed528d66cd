/** docs/website-with-tls.md, followed to the letter on two real hosts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../../proxy/conf/mod.ts";
import { commandBlocks } from "../../../scripts/docs/blocks.ts";
import { pebbleMissing } from "../../acme/pebble.ts";
import { build, programFile } from "../../hosts/build.ts";
import { Ca } from "../../hosts/ca.ts";
import { fitIn } from "../../hosts/fit_in.ts";
import { Lab } from "../../hosts/lab.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { whyNoIngressImage } from "../../ingress/image.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const GUIDE = "docs/website-with-tls.md";
const NAMES = ["h1", "h2"] as const;
const DOMAIN = "www.example.com";

const why = await whyNoHosts() ?? await whyNoIngressImage() ??
  (pebbleMissing() ? "no pebble here" : undefined);
if (why) console.warn(`The guide is not followed: ${why}`);

/** Names of the variables that a block sets, when it does nothing else. */
function variablesOf(script: string): string[] {
  return script.trim().split("\n").flatMap((line) => {
    match(line, /^export [A-Z]/);
    return [...line.matchAll(/ ([A-Z][A-Z0-9_]*)=/g)].map(([, name]) => name!);
  });
}

Deno.test({
  name: "the guide: a website with TLS on two hosts",
  ignore: why !== undefined,
  fn: async (t) => {
    const { blocks } = commandBlocks(await Deno.readTextFile(join(ROOT, GUIDE)));
    const [settings, ...steps] = blocks.filter(({ kind }) => kind === "hosts");
    await using lab = await Lab.create(
      Object.fromEntries(NAMES.map((name) => [name, { lans: ["front", "back"] as const }])),
      ["alice", "ca"],
    );
    const alice = lab.operator("alice");
    await using ca = await Ca.start(lab, { operator: "ca", hosts: NAMES, name: DOMAIN, at: NAMES });
    const dist = join(alice.dir, "dist");
    await build(ROOT, dist);
    const env: Record<string, string> = {
      DOMAIN,
      HOST1: lab.address("h1"),
      HOST2: lab.address("h2"),
      PRIVATE1: lab.address("h1", "back"),
      PRIVATE2: lab.address("h2", "back"),
      ROOT_KEY: lab.key,
      PROGRAM: join(dist, programFile(VERSION)),
      ACME: ca.served.directory,
      ACME_CA: "/etc/acme-ca.pem",
    };
    deepStrictEqual(variablesOf(settings!.text).sort(), Object.keys(env).sort());
    // What this machine trusts.
    env.CURL_CA_BUNDLE = join(alice.dir, "root.pem");
    await Deno.writeTextFile(env.CURL_CA_BUNDLE, ca.served.root);
    let cwd = alice.dir;
    /** One block of the guide; the next one begins with the directory and PATH with which it ends. */
    const follow = async (script: string) => {
      const text = `set -eu\n${script}\npwd >~/cwd\necho "$PATH" >~/path\n`;
      const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const out = await lab.must(alice, ["env", ...words, "sh", "-c", text], cwd);
      const left = (name: string) => Deno.readTextFileSync(join(alice.dir, name)).trim();
      [cwd, env.PATH] = [left("cwd"), left("path")];
      return out;
    };

    let failed = false;
    const said: string[] = [];
    for (const { line, text } of steps) {
      if (failed) break;
      failed = !await t.step(`${GUIDE}:${line}`, async () => {
        const before = performance.now();
        try {
          said.push(await follow(text));
        } catch (error) {
          const logs = await lab.try(alice, ["sns", "pod", "logs", "letsencrypt"], cwd);
          const reports = await Promise.all(lab.hosts.map((host) => host.report()));
          throw new Error([error, logs.out, logs.err, ...reports].join("\n"));
        }
        console.log(`${((performance.now() - before) / 1000).toFixed(1)} s`);
        if (text.includes("setup install")) await fitIn(lab, NAMES, alice.dir);
      });
    }
    if (failed) return;
    const [look, release] = said.slice(-2);
    strictEqual(look!.match(/^Hello$/gm)?.length, 2, look);
    for (const pod of ["proxy", "ingress", "web"]) ok(look!.includes(pod), look);
    match(release!, /^Hello again$/m);
  },
});
