/** Full disks for logs, a clock that jumps, a killed keeper: the pod stays, converges and leaves nothing. */
import { killOne } from "../kill_one.ts";
import { fillDisk } from "../fill_disk.ts";
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import $ from "dax";
import { parsePodStatus } from "../../podc/mod.ts";
import { eventually, lives, PodFolder } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const TICK = "i=0; while :; do i=$((i + 1)); echo tick $i; sleep 0.1; done";

function program(script: string, more = ""): string {
  return "api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\nexecutable:\n" +
    `  command: [sh, -c, ${JSON.stringify(script)}]\n  restart: always\n${more}`;
}

const status = async (pod: PodFolder) => parsePodStatus((await pod.read(".pod.status")) ?? "");
const starts = async (pod: PodFolder) => (await status(pod)).containers[0]?.startCount;
const ready = async (pod: PodFolder) => (await pod.pod("readiness")).code === 0;
const unitPid = async (pod: PodFolder) =>
  Number((await pod.read(".pod.run/unit/web/process"))?.split(" ")[0]);

/** The processes that live in the pod's folder: its supervisor, keepers, loggers and programs. */
async function processes(pod: PodFolder): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await Deno.readLink(`/proc/${name}/cwd`).catch((error) => {
      // Others' processes, and those that end meanwhile.
      if (error instanceof Error) return undefined;
      throw error;
    });
    if (cwd === pod.dir && await lives(Number(name))) found.push(Number(name));
  }
  return found;
}

/** `run` converges to one running program, and after `rm` there is no process of the pod. */
async function convergesAndGoes(pod: PodFolder): Promise<void> {
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await pod.pod("rm")).code, 0);
  await eventually("no process is left", async () => (await processes(pod)).length === 0);
}

Deno.test("a full disk for a program's log: it goes on, and so does the log when there is room", async () => {
  await using pod = await PodFolder.compile(program(TICK));
  await pod.pod("create");
  const log = `${pod.dir}/log/web-web-1.0.0-stdout.log`;
  await Deno.symlink("/dev/full", log);
  assert.equal((await pod.pod("start")).code, 0);
  await eventually("ready", () => ready(pod));
  const pid = await unitPid(pod);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.ok(await ready(pod));
  await Deno.remove(log);
  await eventually(
    "the log goes on",
    async () => /tick \d+\n/.test((await pod.read(log.slice(pod.dir.length + 1))) ?? ""),
  );
  assert.deepEqual([await unitPid(pod), await starts(pod)], [pid, 1]);
  await convergesAndGoes(pod);
});

Deno.test("a full disk for the supervisor's own log harms nothing", async () => {
  await using pod = await PodFolder.compile(program("echo $$ >>pids; exec sleep 1000"));
  await pod.pod("create");
  await Deno.remove(`${pod.dir}/log/web-1.0.0-stderr.log`).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.symlink("/dev/full", `${pod.dir}/log/web-1.0.0-stderr.log`);
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  assert.equal((await pod.pod("rerun", "web")).code, 0);
  await eventually("a restart", async () => (await starts(pod)) === 2 && await ready(pod));
  await convergesAndGoes(pod);
});

Deno.test("a clock that jumps an hour back and forth moves no timer", async () => {
  const bin = await Deno.makeTempDir();
  try {
    const real = await $.which("date");
    await Deno.writeTextFile(
      `${bin}/date`,
      `#!/bin/sh\nif [ -e ${bin}/back ]; then rm ${bin}/back; jump=-3600; else : >${bin}/back; jump=3600; fi\n` +
        `[ "$*" = +%s ] || exec ${real} "$@"\necho $(($(${real} +%s) + jump))\n`,
      { mode: 0o755 },
    );
    const env = { ...Deno.env.toObject(), PATH: bin + delimiter + Deno.env.get("PATH") };
    await using pod = await PodFolder.compile(
      program(
        "cat /proc/uptime >>starts; sleep 1000",
        "  readinessProbe: { cmd: [sh, -c, 'cat /proc/uptime >>probes'], interval: 1 }\n",
      ),
      { env },
    );
    assert.equal((await pod.pod("run", "--wait=30")).code, 0);
    const count = async () => (await pod.read("probes"))?.split("\n").length ?? 0;
    await eventually("probes go on", async () => (await count()) > 5, 20_000);
    killOne(await unitPid(pod));
    await eventually(
      "a restart",
      async () => (await starts(pod)) === 2 && await ready(pod),
      20_000,
    );
    const times = (await pod.read("probes"))!.trim().split("\n").map((line) => parseFloat(line));
    // Timers count whole seconds: one pause may be shorter, not all of them.
    assert.ok(times.at(-1)! - times[0]! >= times.length - 2, `${times}`);
    await convergesAndGoes(pod);
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
});

Deno.test("kill -9 of a program's keeper: one program, never two", async () => {
  await using pod = await PodFolder.compile(program("echo $$ >>pids; exec sleep 1000"));
  await pod.pod("run", "--wait=30");
  const first = await unitPid(pod);
  const stat = await Deno.readTextFile(`/proc/${first}/stat`);
  killOne(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.ok(await lives(first), "the program goes on");
  assert.ok(await ready(pod));
  killOne(first);
  await eventually("a second start", async () => (await starts(pod)) === 2 && await ready(pod));
  const pids = (await pod.read("pids"))!.trim().split("\n").map(Number);
  const alive = (await Promise.all(pids.map(lives))).filter(Boolean);
  assert.equal(alive.length, 1);
  await convergesAndGoes(pod);
});

Deno.test({
  name: "a full disk for a container's log: the container goes on, once",
  ignore: !podman,
  fn: async () => {
    await using pod = await PodFolder.compile(
      `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n  - name: web\n    image: ${IMAGE}\n` +
        `    command: [sh, -c, ${JSON.stringify(TICK)}]\n    restart: always\n`,
    );
    await pod.pod("create");
    await Deno.symlink("/dev/full", `${pod.dir}/log/web-web-1.0.0.log`);
    assert.equal((await pod.pod("run", "--wait=30")).code, 0);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.ok(await ready(pod));
    assert.equal(await starts(pod), 1);
    assert.equal((await $`podman ps -q --filter name=web-web-1.0.0`.lines()).length, 1);
    await convergesAndGoes(pod);
    assert.equal(await $`podman ps -aq --filter name=web-1.0.0`.text(), "");
  },
});

Deno.test({
  name:
    "no room for a container's log: it goes on, the log resumes, and the pod's log tells of the gap",
  ignore: !podman,
  fn: async () => {
    await using pod = await PodFolder.compile(
      `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n  - name: web\n    image: ${IMAGE}\n` +
        `    command: [sh, -c, ${JSON.stringify(TICK)}]\n    restart: always\n`,
    );
    await Deno.mkdir(`${pod.dir}/log`);
    // The mounts in podman's own namespace are those that conmon sees.
    const script = "mount -t tmpfs -o size=64k tmpfs log && exec ./pod run --wait=30";
    await $`podman unshare sh -c ${script}`.cwd(pod.dir).quiet();
    try {
      const disk = `/proc/${await pod.supervisor()}/root${pod.dir}/log`;
      const log = () => Deno.readTextFile(`${disk}/web-web-1.0.0.log`);
      const id = await inspect("web-web-1.0.0", "{{.Id}}");
      const last = async () => Number((await log()).match(/(?<=F tick )\d+$/gm)?.at(-1));
      await eventually("ticks", async () => (await last()) > 5);

      await fillDisk(`${disk}/filler`);
      const before = (await log()).length;
      await new Promise((resolve) => setTimeout(resolve, 12_000)); // longer than between two looks
      await fillDisk(`${disk}/filler`);
      assert.ok((await log()).length - before < 4096, "nothing fits any more");
      await Deno.remove(`${disk}/filler`);
      const until = await last();
      await eventually("the log goes on", async () => (await last()) > until + 10);
      await eventually(
        "the gap is told",
        async () =>
          (await Deno.readTextFile(`${disk}/web-1.0.0-stderr.log`)).includes("the disk was full"),
      );
      const ticks = (await log()).match(/(?<=F tick )\d+$/gm)!.map(Number);
      assert.ok(ticks.length < ticks.at(-1)!, "lines are missing indeed");
      assert.equal(await inspect("web-web-1.0.0", "{{.Id}} {{.State.Running}}"), `${id} true`);
      assert.equal(await starts(pod), 1);
      await convergesAndGoes(pod);
    } finally {
      await pod.pod("rm", "--kill");
      await $`podman unshare umount ${pod.dir}/log`.quiet();
    }
  },
});
