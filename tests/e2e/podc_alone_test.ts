/** podc and the compiled pod without a cluster, on real rootless podman. */
import assert from "node:assert/strict";
import $ from "dax";
import { parsePodStatus } from "../../podc/mod.ts";
import { killOne } from "../kill_one.ts";
import { eventually, lives, PodFolder, run } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !podman, fn });

/** pod.yaml of containers, each with its shell script. */
function yaml(containers: Record<string, string>, more = ""): string {
  const items = Object.entries(containers).map(([name, script]) =>
    `  - name: ${name}\n    image: ${IMAGE}\n    command: [sh, -c]\n    args: [${
      JSON.stringify(script)
    }]\n    restart: always\n${more}`
  );
  return `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n${items.join("")}`;
}

const SERVE = "trap 'exit 0' TERM; echo up; while :; do sleep 0.2; done";
const status = async (pod: PodFolder) => parsePodStatus((await pod.read(".pod.status")) ?? "");

test("podc in a folder with a pod.yaml, then run, ps, logs, rm", async () => {
  const parent = await Deno.makeTempDir();
  const dir = `${parent}/alone`;
  try {
    await Deno.mkdir(dir);
    const expose =
      `    expose: [{ hostPort: "\${port}", targetPort: 8080, hostInterface: 127.0.0.1 }]\n`;
    await Deno.writeTextFile(
      `${dir}/pod.yaml`,
      yaml({
        web:
          "trap 'exit 0' TERM; echo hello >/www/index.html; httpd -p 8080 -h /www; while :; do sleep 0.2; done",
      }, expose),
    );
    await Deno.writeTextFile(`${dir}/pod.env`, "port=18080\n");
    const compiled = await run("podc", [], { cwd: dir });
    assert.equal(compiled.code, 0, compiled.err);
    const pod = (...args: string[]) => run("./pod", args, { cwd: dir });
    const started = await pod("run", "--wait=30");
    assert.equal(started.code, 0, started.err);
    assert.equal(await (await fetch("http://127.0.0.1:18080/")).text(), "hello\n");
    assert.match((await pod("ps")).out, /^readiness: 1$/m);
    assert.match((await pod("logs")).out, /alone-1\.0\.0 web: started/);
    assert.equal((await pod("rm")).code, 0);
    assert.equal(await $`podman ps -aq --filter name=alone-1.0.0`.text(), "");
    assert.equal(await $`podman pod ps -q --filter name=alone-1.0.0`.text(), "");
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

test("containers of a pod talk over localhost", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      server:
        `trap 'exit 0' TERM; echo found >/www/index.html; httpd -p 8080 -h /www; while :; do sleep 0.2; done`,
      client: `until wget -qO- http://localhost:8080/; do sleep 0.2; done; ${SERVE}`,
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  await eventually("the answer", async () => (await pod.log("client")).includes("client found"));
});

test("args and env reach the container byte for byte", async () => {
  const value = "a'b\"c $HOME $(id) `id` \\n * ~ é –\n second line ";
  await using pod = await PodFolder.compile(
    `api: 1.0.0\npodVersion: 1.0.0\nvolumes: [{ name: out, type: host, bind: . }]\ncontainers:\n  - name: web\n    image: ${IMAGE}\n` +
      `    command: [sh, -c, 'printf "%s" "$HOSTILE" >/out/env; printf "%s\\0" "$@" >/out/args', "-name"]\n` +
      `    args: [${JSON.stringify(value)}, "", "-x", "--"]\n` +
      `    env: [{ name: HOSTILE, value: ${
        JSON.stringify(value)
      } }]\n    mounts: [{ volume: out, dest: /out }]\n`,
  );
  await pod.pod("run");
  await eventually("the end", async () => (await status(pod)).containers[0]?.exitCode === 0);
  assert.equal(await pod.read("env"), value);
  assert.deepEqual((await pod.read("args"))?.split("\0"), [value, "", "-x", "--", ""]);
});

test("kill -9 of the supervisor leaves the container running, and run adopts it", async () => {
  await using pod = await PodFolder.compile(yaml({ web: SERVE }));
  await pod.pod("run", "--wait=30");
  const started = await inspect("web-web-1.0.0", "{{.Id}} {{.State.StartedAt}}");
  const first = await pod.supervisor();
  killOne(first);
  await eventually("it is gone", async () => !(await lives(first)));
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal(await inspect("web-web-1.0.0", "{{.Id}} {{.State.StartedAt}}"), started);
  assert.notEqual(await pod.supervisor(), first);
});

test("a container that is killed behind the pod's back is started again", async () => {
  await using pod = await PodFolder.compile(yaml({ web: SERVE }));
  await pod.pod("run", "--wait=30");
  await $`podman kill web-web-1.0.0`.quiet();
  await eventually("a second start", async () => {
    const { containers, readiness } = await status(pod);
    return containers[0]?.startCount === 2 && readiness;
  });
  await $`podman pod rm -f -t 0 web-1.0.0`.quiet();
  await eventually("a third start, in a new podman pod", async () => {
    const { containers, readiness } = await status(pod);
    return containers[0]?.startCount === 3 && readiness;
  }, 60_000);
});

test("no line is lost when a log is rotated under a running container", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: `i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i + 1)); sleep 0.002; done; ${SERVE}`,
    }),
  );
  // The limit in blocks of 512 bytes; the real one takes 10 MiB of log.
  const script = `${pod.dir}/pod`;
  const text = await Deno.readTextFile(script);
  await Deno.writeTextFile(script, text.replace(/^log_max_blocks=\d+/m, "log_max_blocks=8"));
  await pod.pod("run", "--wait=30");
  await eventually(
    "the last line",
    async () => (await pod.log("web")).includes("web line 1999"),
    60_000,
  );
  const files = [...Deno.readDirSync(`${pod.dir}/log`)].map(({ name }) => name);
  assert.ok(files.some((name) => name === "web-web-1.0.0.log.1"), files.join(" "));
  const lines = (await pod.log("web")).filter((line) => line.startsWith("web line "));
  const kept = lines.map((line) => Number(line.slice("web line ".length)));
  const first = kept[0]!;
  assert.deepEqual(kept, Array.from({ length: 2000 - first }, (_, n) => first + n));
});

test("an image that is nowhere is said to be so, in the status too", async () => {
  await using pod = await PodFolder.compile(
    "api: 1.0.0\npodVersion: 1.0.0\ncontainers: [{ name: web, image: 'localhost:1/none:1' }]\n",
  );
  const ran = await pod.pod("run", "--wait=3");
  assert.equal(ran.code, 1);
  assert.match(ran.err, /not ready after 3 s/);
  await eventually(
    "the reason",
    async () => /error: .*none/.test((await pod.read(".pod.status")) ?? ""),
  );
  assert.equal((await pod.pod("stop")).code, 0);
});

test("purge removes the volumes of the pod, and leaves shared ones", async () => {
  await using pod = await PodFolder.compile(
    yaml(
      { web: SERVE },
      "    mounts:\n      - { volume: own, dest: /own }\n      - { volume: ours, dest: /ours }\n",
    ) +
      "volumes:\n  - { name: own, type: volume }\n  - { name: ours, type: volume, shared: pod }\n",
  );
  await pod.pod("run", "--wait=30");
  assert.equal((await pod.pod("purge")).code, 1, "not while it exists");
  await pod.pod("rm", "-k");
  const volumes = async () =>
    (await $`podman volume ls -q`.lines()).filter((name) => /^ou?(wn|rs)-web/.test(name));
  assert.deepEqual(await volumes(), ["ours-web", "own-web-1.0.0"]);
  assert.equal((await pod.pod("purge")).code, 0);
  assert.deepEqual(await volumes(), ["ours-web"]);
  assert.equal((await pod.pod("purge", "--shared")).code, 0);
  assert.deepEqual(await volumes(), []);
});
