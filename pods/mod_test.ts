import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { OFFICIAL_PODS } from "./mod.ts";

const here = dirname(new URL(import.meta.url).pathname);

for (const pod of OFFICIAL_PODS.values()) {
  Deno.test(`the embedded pod ${pod.name} is what its directory holds`, async () => {
    strictEqual(pod.podYaml, await Deno.readTextFile(join(here, pod.name, "pod.yaml")));
    const configs = join(here, pod.name, "config");
    const files = new Map<string, string>();
    for await (const path of filesBelow(configs)) {
      files.set(relative(configs, path), await Deno.readTextFile(path));
    }
    deepStrictEqual([...pod.configs].sort(), [...files].sort());
  });
}

Deno.test("every directory beside it is an official pod", () => {
  const names = [...Deno.readDirSync(here)].filter((entry) => entry.isDirectory);
  deepStrictEqual(names.map(({ name }) => name).sort(), [...OFFICIAL_PODS.keys()].sort());
});

const GUIDES: Readonly<Record<string, string>> = {
  ingress: "ingress",
  letsencrypt: "certificates",
};

for (const [pod, guide] of Object.entries(GUIDES)) {
  Deno.test(`every variable of the pod ${pod} stands in docs/${guide}.md`, async () => {
    const { podYaml, configs } = OFFICIAL_PODS.get(pod)!;
    const text = await Deno.readTextFile(join(here, `../docs/${guide}.md`));
    const templates = [...configs].flatMap(([path, text]) =>
      path.startsWith("_tpl/") ? [text] : []
    );
    const used = [podYaml, ...templates].flatMap((text) => [
      ...text.matchAll(/\$\{([a-z]\w*)\}/g),
      ...text.matchAll(/^([a-z]\w*)=/gm),
    ]).map(([, name]) => name!);
    ok(used.length > 5);
    const told = (name: string) =>
      text.includes(`\`${name}\``) || text.includes(`\`${pod}_${name}\``);
    deepStrictEqual([...new Set(used)].filter((name) => !told(name)), []);
  });
}

async function* filesBelow(dir: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}
