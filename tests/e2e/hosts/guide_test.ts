/** docs/website-with-tls.md, followed to the letter on two real hosts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../../proxy/conf/mod.ts";
import { commandBlocks } from "../../../scripts/docs/blocks.ts";
import { pebbleMissing } from "../../acme/pebble.ts";
import type { Served } from "../../acme/serve.ts";
import { FIT_IN } from "../../hosts/cluster.ts";
import { must } from "../../hosts/command.ts";
import { Lab } from "../../hosts/lab.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { makeIngressImageTar, whyNoIngressImage } from "../../ingress/image.ts";
import { makeImageTar } from "../podman.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const TARGET = `linux-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
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

/** A CA in a network of its own, as all others are, which is the hosts' DNS, too. */
class Ca implements AsyncDisposable {
  private constructor(readonly child: Deno.ChildProcess, readonly served: Served) {}

  static async start(lab: Lab): Promise<Ca> {
    const address = lab.network.addressOf(lab.operator("ca").node, "front");
    const words = [Deno.execPath(), "run", "-q", "-A", join(ROOT, "tests/acme/serve.ts")];
    const at = NAMES.map((name) => lab.address(name));
    const child = lab.command(lab.operator("ca"), [...words, address, "80", DOMAIN, ...at], {
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).values();
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await lines.next();
      if (done) throw new Error("the CA did not start");
      text += value;
    }
    await lines.return?.();
    const setDns =
      'printf "nameserver %s\\n" "$1" >/etc/resolv.conf; printf %s "$2" >/etc/acme-ca.pem';
    const served: Served = JSON.parse(text);
    for (const name of NAMES) await lab.host(name).run(setDns, address, served.ca);
    return new Ca(child, served);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close();
    await this.child.status;
  }
}

/** Gives the hosts what they would pull from a registry, and what only hosts inside of a machine need. */
async function fitIn(lab: Lab): Promise<void> {
  const images = {
    "docker.io/library/busybox:1.37": makeImageTar,
    "docker.io/library/haproxy:3.2-alpine": makeIngressImageTar,
  };
  for (const host of NAMES) await lab.host(host).run(FIT_IN, "sns");
  for (const [image, make] of Object.entries(images)) {
    const tar = join(lab.operator("alice").dir, "image.tar");
    await make(tar);
    await Promise.all(NAMES.map(async (name) => {
      const host = lab.host(name);
      await Deno.copyFile(tar, host.home("image.tar"));
      await host.as("sns", 'podman import -q /home/image.tar "$1"', image);
    }));
  }
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
    await using ca = await Ca.start(lab);
    const dist = join(alice.dir, "dist");
    const build = ["scripts/build.ts", "--fast", "--no-compile", `--out=${dist}`];
    const deno = [Deno.execPath(), "run", "-q", "-A", ...build];
    await must(["env", "-C", ROOT, `DENO_DIR=${Deno.env.get("DENO_DIR")}`, ...deno], 240);
    const env: Record<string, string> = {
      DOMAIN,
      HOST1: lab.address("h1"),
      HOST2: lab.address("h2"),
      PRIVATE1: lab.address("h1", "back"),
      PRIVATE2: lab.address("h2", "back"),
      ROOT_KEY: lab.key,
      PROGRAM: join(dist, `simplenetes-${VERSION}-${TARGET}`),
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
        if (text.includes("setup install")) await fitIn(lab);
      });
    }
    if (failed) return;
    const [look, release] = said.slice(-2);
    strictEqual(look!.match(/^Hello$/gm)?.length, 2, look);
    for (const pod of ["proxy", "ingress", "web"]) ok(look!.includes(pod), look);
    match(release!, /^Hello again$/m);
  },
});
