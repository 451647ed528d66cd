/** How containers end, and what a start does not wait for: limitations of the original, gone on real podman. */
import assert from "node:assert/strict";
import { parsePodStatus } from "../../podc/mod.ts";
import { sharedPort } from "../loopback/mod.ts";
import { eventually, PodFolder } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !podman, fn });

/** Takes a while to end, and says so. */
const DRAIN =
  "trap 'echo told; sleep 1; echo down; exit 0' TERM; echo up; while :; do sleep 0.1; done";

/** A pod.yaml of containers, each of a script and more keys. */
function yaml(containers: Record<string, { script: string; more?: string; image?: string }>) {
  const items = Object.entries(containers).map(([name, { script, more = "", image = IMAGE }]) =>
    `  - name: ${name}\n    image: ${image}\n    restart: always\n    command: [sh, -c]\n` +
    `    args: [${JSON.stringify(script)}]\n${more && `    ${more}\n`}`
  );
  return `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n${items.join("")}`;
}

const ready = async (pod: PodFolder) => (await pod.pod("readiness")).code === 0;
const started = async (pod: PodFolder, index: number) =>
  parsePodStatus((await pod.read(".pod.status")) ?? "").containers[index]?.startCount === 1;

test("L22: what waited for a startup probe ends before what it waited for, the others side by side", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      base: { script: DRAIN, more: "startupProbe: { cmd: ['true'] }" },
      web: { script: DRAIN },
      side: { script: DRAIN },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await pod.pod("stop")).code, 0);
  const order = (await pod.log("base", "web", "side")).filter((line) => !line.endsWith(" up"));
  const at = (line: string) => {
    assert.ok(order.includes(line), order.join(", "));
    return order.indexOf(line);
  };
  const later = ["web", "side"];
  assert.ok(Math.max(...later.map((name) => at(`${name} down`))) < at("base told"), `${order}`);
  assert.ok(
    Math.max(...later.map((name) => at(`${name} told`))) <
      Math.min(...later.map((name) => at(`${name} down`))),
    `${order}`,
  );
});

test("L22: each container has its own stop timeout", async () => {
  const deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done";
  await using pod = await PodFolder.compile(
    yaml({
      deaf: { script: deaf, more: "stopTimeout: 1" },
      web: { script: DRAIN.replace("sleep 1;", "sleep 3;"), more: "stopTimeout: 30" },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await pod.pod("stop")).code, 0);
  const { containers } = parsePodStatus((await pod.read(".pod.status"))!);
  assert.deepEqual(containers.map(({ exitCode }) => exitCode), [137, 0]);
  assert.ok((await pod.log("web")).includes("web down"));
});

test("a container that drains keeps its published port until it has ended", async () => {
  const port = sharedPort();
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: "echo hello >/www/index.html; httpd -p 8080 -h /www; " +
          DRAIN.replace("sleep 1", "sleep 4"),
        more: `expose: [{ hostPort: ${port}, targetPort: 8080, hostInterface: 127.0.0.1 }]`,
      },
      quick: { script: "trap 'exit 0' TERM; while :; do sleep 0.1; done" },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  const stopping = pod.pod("stop");
  await eventually("it drains", async () => (await pod.log("web")).includes("web told"));
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "hello\n");
  assert.equal((await stopping).code, 0);
});

test("L18, L19: an image that cannot be had holds up no other container, nor a stop", async () => {
  // It takes connections and never answers.
  using registry = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using pod = await PodFolder.compile(
    yaml({
      hangs: { script: "true", image: `127.0.0.1:${registry.addr.port}/none:1` },
      web: { script: DRAIN },
    }),
  );
  assert.equal((await pod.pod("run")).code, 0);
  await eventually("the other one runs", () => started(pod, 1));
  await eventually("the pull", async () => (await pod.log("-p")).join().includes("pulling"));
  const began = performance.now();
  assert.equal((await pod.pod("stop")).code, 0);
  assert.ok(performance.now() - began < 15_000, "the pull is not waited for");
  assert.ok((await pod.log("web")).includes("web down"));
});

test("L20: a host port that is taken is said to be so, and had once it is free", async () => {
  const port = sharedPort();
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: DRAIN,
        more: `expose: [{ hostPort: ${port}, targetPort: 80, hostInterface: 127.0.0.1 }]`,
      },
    }),
  );
  {
    using _taken = Deno.listen({ hostname: "127.0.0.1", port });
    assert.equal((await pod.pod("run", "--wait=3")).code, 1);
    await eventually(
      "the reason",
      async () => /error: .*address already in use/.test((await pod.read(".pod.status"))!),
    );
  }
  await eventually("ready", () => ready(pod));
});

test("L35: containers find the host's proxy by name", async () => {
  await using pod = await PodFolder.compile(yaml({ web: { script: DRAIN } }));
  assert.equal((await pod.pod("run", "--host-interface=127.0.0.1", "--wait=30")).code, 0);
  const hosts = (await pod.pod("shell", "cat", "/etc/hosts")).out;
  assert.match(hosts, /^127\.0\.0\.1\s+(.*\s)?proxy(\s|$)/m);
});
