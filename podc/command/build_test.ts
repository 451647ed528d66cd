import assert from "node:assert/strict";
import { join } from "node:path";
import type { Arguments } from "./arguments.ts";
import { build } from "./build.ts";

const POD = `api: 1.0.0
podVersion: 1.0.0
volumes:
  - {name: src, type: host, bind: src}
containers:
  - name: web
    image: example.com/web:\${tag}
    mounts: [{volume: src, dest: /src}]
    expose:
      - hostPort: 8080
        targetPort: 80
        clusterPort: 2222
        ingress: [{protocol: http, domain: a.com}]
`;

const ARGUMENTS: Arguments = {
  podName: "web",
  file: "pod.yaml",
  outfile: undefined,
  dir: undefined,
  preprocess: true,
  sourceEnv: false,
  undefinedVariables: "error",
  check: false,
  json: false,
};

interface Folder {
  readonly path: string;
  readonly write: (name: string, text: string) => void;
  readonly read: (name: string) => string;
  readonly names: () => string[];
  readonly run: (more?: Partial<Arguments>, environment?: Record<string, string>) => Promise<{
    readonly ok: boolean;
    readonly printed: string;
  }>;
}

/** Calls `work` with a folder that holds a pod.yaml and a pod.env. */
async function withFolder(work: (folder: Folder) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  const folder: Folder = {
    path,
    write: (name, text) => Deno.writeTextFileSync(join(path, name), text),
    read: (name) => Deno.readTextFileSync(join(path, name)),
    names: () => [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
    run: async (more = {}, environment = {}) => {
      const printed: string[] = [];
      const ok = await build({ ...ARGUMENTS, ...more }, {
        cwd: path,
        environment: (name) => environment[name],
        print: (level, text) => printed.push(`${level} ${text}`),
      });
      return { ok, printed: printed.join("\n") };
    },
  };
  folder.write("pod.yaml", POD);
  folder.write("pod.env", "tag=1\n");
  try {
    await work(folder);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

const WRITTEN = [".pod.yaml", "pod", "pod.ingress.conf", "pod.portmappings.conf"];
const GIVEN = ["pod.env", "pod.yaml"];

Deno.test("build: writes the pod and what belongs to it", () =>
  withFolder(async ({ run, names, read, path }) => {
    assert.deepEqual(await run(), { ok: true, printed: "ok compiled web 1.0.0 to pod" });
    assert.deepEqual(names(), [...WRITTEN, ...GIVEN].sort());
    assert.equal(read(".pod.yaml"), POD.replace("${tag}", "1"));
    assert.equal(read("pod.portmappings.conf"), "2222:8080:4096:false\n");
    assert.match(read("pod.ingress.conf"), /^bind 80\n/);
    assert.ok(read("pod").includes(`${path}/src:/src`));
    assert.equal(Deno.statSync(join(path, "pod")).mode! & 0o777, 0o755);
  }));

Deno.test("build: with an error nothing is touched", () =>
  withFolder(async ({ run, names, write, read }) => {
    await run();
    const before = WRITTEN.map(read);
    write("pod.yaml", POD + "oops: 1\n");
    const { ok, printed } = await run();
    assert.equal(ok, false);
    assert.match(printed, /^error pod\.yaml:14:1: error: the pod has no key "oops"\n/);
    assert.match(printed, /\nerror pod\.yaml: 1 error, nothing was written$/);
    assert.deepEqual(WRITTEN.map(read), before);
    assert.deepEqual(names(), [...WRITTEN, ...GIVEN].sort());
  }));

Deno.test("build: a wrong name is found before anything is written", () =>
  withFolder(async ({ run, names }) => {
    const { ok, printed } = await run({ podName: "Web" });
    assert.equal(ok, false);
    assert.match(printed, /the pod's name "Web"/);
    assert.deepEqual(names(), GIVEN);
  }));

Deno.test("build: confs that have nothing to say any more are removed", () =>
  withFolder(async ({ run, names, write }) => {
    await run();
    write("pod.yaml", "api: 1.0.0\npodVersion: 1.0.1\ncontainers: []\n");
    assert.ok((await run()).ok);
    assert.deepEqual(names(), [".pod.yaml", "pod", ...GIVEN]);
  }));

Deno.test("build: --check writes nothing", () =>
  withFolder(async ({ run, names }) => {
    assert.deepEqual(await run({ check: true }), {
      ok: true,
      printed: "ok web 1.0.0 has no errors",
    });
    assert.deepEqual(names(), GIVEN);
  }));

Deno.test("build: variables from the env file, then the environment if asked for", () =>
  withFolder(async ({ run, write, read }) => {
    write("pod.yaml", `${POD}#\${a} \${b} \${tag}\n`);
    assert.equal((await run({}, { a: "A", b: "B" })).ok, false);
    const environment = { b: "B", tag: "not this one" };
    const { printed } = await run({ sourceEnv: true }, environment);
    assert.match(printed, /variable a has no value/);
    assert.ok(!printed.includes("variable b"));
    assert.ok((await run({ sourceEnv: true, undefinedVariables: "empty" }, environment)).ok);
    assert.ok(read(".pod.yaml").endsWith("# B 1\n"));
  }));

Deno.test("build: without preprocessing there is no .pod.yaml", () =>
  withFolder(async ({ run, write, names }) => {
    write("pod.yaml", POD.replace("${tag}", "1"));
    assert.ok((await run({ preprocess: false })).ok);
    assert.ok(!names().includes(".pod.yaml"));
  }));

Deno.test("build: configs are looked for beside the outfile", () =>
  withFolder(async ({ run, write, path }) => {
    write("pod.yaml", "api: 1.0.0\npodVersion: 1.0.0\nvolumes: [{name: conf, type: config}]\n");
    assert.match((await run()).printed, /there is no directory config\/conf/);
    Deno.mkdirSync(join(path, "out/config/conf"), { recursive: true });
    assert.ok((await run({ outfile: "out/pod" })).ok);
  }));

Deno.test("build: a relative --dir is where binds begin", () =>
  withFolder(async ({ run, read, path }) => {
    assert.ok((await run({ dir: "sub", outfile: "web" })).ok);
    assert.ok(read("web").includes(`${path}/sub/src:/src`));
  }));

Deno.test("build: a pod that is a program of the user's own", () =>
  withFolder(async ({ run, write, read, names, path }) => {
    await run();
    const spec = "api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\nexecutable: {file: mine}\n";
    write("pod.yaml", spec);
    await assert.rejects(run(), /Cannot read executable\.file .*mine/);
    write("mine", "#!/bin/sh\necho hi\n");
    assert.ok((await run()).ok);
    assert.equal(read("pod"), "#!/bin/sh\necho hi\n");
    assert.equal(Deno.statSync(join(path, "pod")).mode! & 0o777, 0o755);
    assert.deepEqual(names(), [".pod.yaml", "mine", "pod", ...GIVEN]);
  }));

Deno.test("build: files that cannot be read or written say which", () =>
  withFolder(async ({ run, path }) => {
    await assert.rejects(run({ file: "none.yaml" }), /Cannot read .*none\.yaml/);
    await assert.rejects(run({ file: "." }), /Cannot read/);
    Deno.mkdirSync(join(path, "pod"));
    await assert.rejects(run(), /pod is a directory/);
    Deno.writeFileSync(join(path, "pod.yaml"), new Uint8Array([0xff, 0xfe]));
    await assert.rejects(run({ outfile: "o" }), /Cannot read .*pod\.yaml/);
  }));
