/** A disk that is full for a while: the program goes on, and its log tells what it lacks. Under each shell and its awk. */
import { fillDisk } from "../fill_disk.ts";
import assert from "node:assert/strict";
import { eventually, PodFolder, run } from "./pod_folder.ts";
import { type Shell, shells } from "./shells.ts";

const canMount = (await run("unshare", ["-rm", "true"])).code === 0;
const LOG = "log/web-web-1.0.0-stdout.log";
/** Counts in its log, and beside it where there is room. */
const TICK = "i=0; while :; do i=$((i + 1)); echo tick $i; echo $i >count; sleep 0.02; done";

const PROGRAM = `
api: 1.0.0
podVersion: 1.0.0
runtime: executable
executable:
  command: [sh, -c, ${JSON.stringify(TICK)}]
  restart: always
`;

/** Runs the pod with its logs on a small disk that only it sees; gives the path from which others see it. */
async function runOnSmallDisk(pod: PodFolder, { path }: Shell): Promise<string> {
  await Deno.mkdir(`${pod.dir}/log`);
  const script = 'mount -t tmpfs -o size=64k tmpfs log && exec env PATH="$1" ./pod run --wait=30';
  const options = { cwd: pod.dir };
  const started = await run("unshare", ["-rm", "sh", "-c", script, "sh", path], options);
  assert.equal(started.code, 0, started.err);
  return `/proc/${await pod.supervisor()}/root${pod.dir}`;
}

for (const name of ["dash", "bash", "busybox"]) {
  Deno.test({
    name: `${name}: a full disk stops no program, logging resumes, and the log tells of the gap`,
    ignore: !canMount,
    fn: async () => {
      const busyboxDir = await Deno.makeTempDir({ prefix: "busybox-" });
      try {
        const shell = (await shells(busyboxDir)).find((each) => each.name === name);
        if (!shell) return;
        await using pod = await PodFolder.compile(PROGRAM, {
          interpreter: shell.interpreter,
          env: { PATH: shell.path },
        });
        const disk = await runOnSmallDisk(pod, shell);
        const log = () => Deno.readTextFile(`${disk}/${LOG}`);
        const count = async () => Number(await pod.read("count"));
        const process = await pod.read(".pod.run/unit/web/process");

        await fillDisk(`${disk}/log/filler`);
        const full = await count();
        await eventually("it counts on while the disk is full", async () => {
          await fillDisk(`${disk}/log/filler`);
          return (await count()) > full + 150;
        });
        const until = await count();
        await Deno.remove(`${disk}/log/filler`);
        await eventually("the log goes on", async () => {
          const last = (await log()).match(/tick \d+$/gm)?.at(-1);
          return Number(last?.slice(5)) > until + 20;
        });
        assert.match(
          await log(),
          /^[0-9-]+T\S+ stdout F \[lines are missing here, at least \d+: .*\]$/m,
        );
        const ticks = (await log()).match(/(?<=F tick )\d+$/gm)!.map(Number);
        assert.ok(ticks.length < ticks.at(-1)!, "lines are missing indeed");
        assert.equal(await pod.read(".pod.run/unit/web/process"), process);
        assert.equal((await pod.pod("readiness")).code, 0);
      } finally {
        await Deno.remove(busyboxDir, { recursive: true });
      }
    },
  });
}
