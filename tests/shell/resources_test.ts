/**
 * `resources` bind for real. Only root can prove it everywhere: rootless podman gets the controllers of
 * cgroup v2 alone, and those only where systemd hands them on.
 */
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { parsePodStatus } from "../../podc/mod.ts";
import { eventually, PodFolder, run } from "./pod_folder.ts";

const IMAGE = "localhost/resources:1";

const V1 =
  "cd /sys/fs/cgroup && cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us";
const V2 = "cat memory.max pids.max; cut -d ' ' -f 1 cpu.max";

const POD = `
api: 1.0.0
podVersion: 1.0.0
containers:
  - name: shown
    image: ${IMAGE}
    network: host
    command: [sh, -c, ${JSON.stringify(`${V1} 2>/dev/null || { ${V2}; }`)}]
    resources: { cpus: 0.5, memory: 64M, pids: 9 }
  - name: greedy
    image: ${IMAGE}
    network: host
    command: [awk, 'BEGIN { text = "x"; while (1) text = text text }']
    resources: { memory: 16M }
`;

const unable = await reasonToSkip();

Deno.test({
  name: `resources: cpus, memory and pids bind the container${
    unable ? ` (not here: ${unable})` : ""
  }`,
  ignore: unable !== undefined,
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: "resources-" });
    try {
      const env = await ownPodman(dir);
      await using pod = await PodFolder.compile(POD, { env });
      const { code, err } = await pod.pod("run");
      assert.equal(code, 0, err);
      await eventually("the limits", async () => (await pod.log("shown")).length === 3);
      assert.deepEqual(await pod.log("shown"), ["shown 67108864", "shown 9", "shown 50000"]);
      await eventually("the end of the greedy one", async () => {
        const { containers } = parsePodStatus((await pod.read(".pod.status")) ?? "");
        return containers[1]?.exitCode === 137;
      });
    } finally {
      await run("umount", [`${dir}/root/overlay`]);
      await Deno.remove(dir, { recursive: true });
    }
  },
});

/** An environment in which podman has storage of its own in `dir`, and {@link IMAGE}. */
async function ownPodman(dir: string): Promise<Record<string, string>> {
  const storage = `[storage]\ndriver="overlay"\ngraphroot="${dir}/root"\nrunroot="${dir}/run"\n`;
  await Deno.writeTextFile(`${dir}/storage.conf`, storage);
  // Limits that a machine which forbids raising them still grants.
  const limits = '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n';
  const runtime = (await exists("/sys/fs/cgroup/cgroup.controllers")) ? "crun" : "runc";
  await Deno.writeTextFile(
    `${dir}/containers.conf`,
    `${limits}[engine]\nruntime="${runtime}"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n`,
  );
  const env = {
    ...Deno.env.toObject(),
    CONTAINERS_CONF: `${dir}/containers.conf`,
    CONTAINERS_STORAGE_CONF: `${dir}/storage.conf`,
  };
  await Deno.mkdir(`${dir}/tree/bin`, { recursive: true });
  await Deno.copyFile(await busybox() ?? "", `${dir}/tree/bin/busybox`);
  for (const applet of ["sh", "cat", "cut", "awk"]) {
    await Deno.symlink("busybox", `${dir}/tree/bin/${applet}`);
  }
  await run("tar", ["-C", `${dir}/tree`, "-cf", `${dir}/tree.tar`, "."]);
  const { code, err } = await run("podman", ["import", "-q", `${dir}/tree.tar`, IMAGE], { env });
  assert.equal(code, 0, err);
  return env;
}

async function reasonToSkip(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "this takes root";
  if (await inPath("podman") === undefined) return "there is no podman";
  if (await busybox() === undefined) return "there is no busybox";
  const roots = [
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/cgroup.controllers",
  ];
  if (!(await Promise.all(roots.map(exists))).includes(true)) {
    return "there is no memory controller";
  }
}

function busybox(): Promise<string | undefined> {
  return inPath("busybox");
}

async function inPath(name: string): Promise<string | undefined> {
  for (const dir of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    if (await exists(`${dir}/${name}`)) return `${dir}/${name}`;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
