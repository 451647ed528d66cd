/** Limitations of the original's pods, shown to be gone on real podman. The numbers are those of its list. */
import assert from "node:assert/strict";
import $ from "dax";
import { killOne } from "../kill_one.ts";
import { eventually, PodFolder } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !podman, fn });

const SERVE = "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done";

/** A pod of one container, `web`, with more of its keys and more at the top. */
function yaml(more: readonly string[] = [], top = "", version = "1.0.0"): string {
  return [
    "api: 1.0.0",
    `podVersion: ${version}`,
    top,
    "containers:",
    "  - name: web",
    `    image: ${IMAGE}`,
    "    command: [sh, -c]",
    `    args: [${JSON.stringify(SERVE)}]`,
    "    restart: always",
    ...more.map((line) => `    ${line}`),
    "",
  ].join("\n");
}

const ready = async (pod: PodFolder) => (await pod.pod("readiness")).code === 0;

test("L1: labels of any name leave the supervisor findable", async () => {
  await using pod = await PodFolder.compile(
    yaml([], "labels: [{ name: zz.last, value: 'a b,c' }]"),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await pod.pod("run")).code, 0);
  assert.equal(
    await $`podman pod inspect --format ${'{{index .Labels "zz.last"}}'} web-1.0.0`.text(),
    "a b,c",
  );
  assert.equal((await pod.pod("stop")).code, 0);
});

test("L5: versions of which one begins like the other run side by side", async () => {
  await using release = await PodFolder.compile(yaml());
  await using beta = await PodFolder.compile(yaml([], "", "1.0.0-beta"));
  for (const pod of [release, beta]) assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await beta.pod("rm", "-k")).code, 0);
  await eventually(
    "the release's supervisor has looked",
    async () => (await release.pod("ps")).out.includes("status: running"),
  );
  assert.ok(await ready(release));
  assert.equal(await inspect("web-web-1.0.0", "{{.State.Status}}"), "running");
});

test("L6: every mount is checked, and a file can be mounted", async () => {
  await using pod = await PodFolder.compile(
    yaml(
      ["mounts:", "  - { volume: one, dest: /one }", "  - { volume: two, dest: /two }"],
      "volumes:\n  - { name: one, type: host, bind: ./file }\n  - { name: two, type: host, bind: ./later }",
    ),
  );
  await Deno.writeTextFile(`${pod.dir}/file`, "content");
  assert.equal((await pod.pod("run", "--wait=2")).code, 1);
  await eventually(
    "the reason",
    async () =>
      /error: no such path on this host: .*\/later/.test((await pod.read(".pod.status"))!),
  );
  await Deno.mkdir(`${pod.dir}/later`);
  await eventually("ready", () => ready(pod));
  assert.equal((await pod.pod("shell", "cat", "/one")).out, "content");
});

test("L24: download fails for any image that cannot be had", async () => {
  await using pod = await PodFolder.compile(
    yaml().replace("containers:", "containers:\n  - { name: none, image: 'localhost:1/none:1' }"),
  );
  const { code, err } = await pod.pod("download");
  assert.equal(code, 1);
  assert.match(err, /Cannot pull: localhost:1\/none:1/);
});

test("a reboot is told from a crash: what was started before it is not adopted", async () => {
  await using pod = await PodFolder.compile(yaml());
  assert.deepEqual(await pod.pod("run", "--wait=30"), { code: 0, out: "", err: "" });
  const before = await inspect("web-web-1.0.0", "{{.Id}}");
  killOne(await pod.supervisor());
  await eventually("it is gone", async () => (await pod.pod("ps")).out.includes("unknown"));
  // What a reboot leaves: containers that ended, and files that speak of another boot.
  await $`podman pod stop -t 0 web-1.0.0`.quiet();
  await Deno.writeTextFile(`${pod.dir}/.pod.run/boot`, "00000000-0000-0000-0000-000000000000\n");
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.notEqual(await inspect("web-web-1.0.0", "{{.Id}}"), before);
});

test("rerun --kill of a container does not wait for it", async () => {
  await using pod = await PodFolder.compile(yaml().replace("trap 'exit 0' TERM", "trap '' TERM"));
  assert.deepEqual(await pod.pod("run", "--wait=30"), { code: 0, out: "", err: "" });
  const before = await inspect("web-web-1.0.0", "{{.Id}}");
  const began = performance.now();
  assert.equal((await pod.pod("rerun", "--kill", "web")).code, 0);
  await eventually("another container", async () => {
    const now = await inspect("web-web-1.0.0", "{{.Id}}");
    return now !== "" && now !== before;
  });
  assert.ok(performance.now() - began < 9_000, "faster than the stop timeout");
});
