/** Ramdisks for real: root mounts them in directories that users own, and nowhere else. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { until } from "../testing/home.ts";
import type { Machine } from "../testing/machine.ts";
import { SystemDaemon, systemTest } from "../testing/system_daemon.ts";
import { type Mount, parseMounts, RAMDISK_SOURCE } from "./ramdisk.ts";

/** What is mounted on the machine as a ramdisk. */
async function mounted(machine: Machine): Promise<readonly Mount[]> {
  const table = await Deno.readTextFile(`/proc/${machine.holder.pid}/mountinfo`);
  return parseMounts(table).filter(({ source }) => source === RAMDISK_SOURCE);
}

systemTest(
  "ramdisks are mounted for their owner before a run, and unmounted after a stop",
  async (machine) => {
    const [ann] = machine.users;
    const web = await machine.pod(ann, await machine.hostHome(ann), "web", "stopped");
    await machine.as(ann, 'printf "keys:2M\\ntmp:1M\\n" >"$1/ramdisks"', web.dir);
    await using daemon = new SystemDaemon(machine);
    await until("stop", () => daemon.log.includes("stop done"));
    await web.setState("running");
    await until("run", () => daemon.log.includes("run done"));
    deepStrictEqual((await mounted(machine)).map(({ path, mib }) => [path, mib]), [
      [`${web.dir}/ramdisk/keys`, 2],
      [`${web.dir}/ramdisk/tmp`, 1],
    ]);
    const keys = await Deno.lstat(machine.path(`${web.dir}/ramdisk/keys`));
    deepStrictEqual([keys.uid, keys.gid, keys.mode! & 0o7777], [ann.uid, ann.gid, 0o700]);
    await machine.as(ann, 'echo secret >"$1/ramdisk/keys/key"', web.dir);

    await machine.as(ann, 'echo rerun >"$1/pod.action"', web.dir);
    await until("rerun", () => daemon.log.includes("rerun done"));
    strictEqual((await mounted(machine)).length, 2, "mounted once, not once more");
    await web.setState("removed");
    await until("their end", async () => (await mounted(machine)).length === 0);
    strictEqual(await machine.as(ann, 'ls "$1/ramdisk/keys"', web.dir), "");
  },
);

const traps: readonly [string, string, RegExp][] = [
  [
    "a link in place of ramdisk/",
    'mkdir -p "$HOME/x/keys" && ln -s "$HOME/x" "$1/ramdisk"',
    /ramdisk: it is a link, or no directory/,
  ],
  [
    "a link to a directory of the system",
    'mkdir "$1/ramdisk" && ln -s /etc "$1/ramdisk/keys"',
    /ramdisk\/keys: it is a link, or no directory/,
  ],
  [
    "names that lead elsewhere",
    'echo "../../../../../../etc:1M" >"$1/ramdisks"',
    /is no name:<MiB>M/,
  ],
  ["more than the memory", 'echo keys:9999999M >"$1/ramdisks"', /more than half of the memory/],
];
for (const [name, prepare, problem] of traps) {
  systemTest(`ramdisks: ${name}`, async (machine) => {
    const [ann, bob] = machine.users;
    const web = await machine.pod(ann, await machine.hostHome(ann), "web", "running");
    const api = await machine.pod(bob, await machine.hostHome(bob), "api", "running");
    await machine.as(ann, `echo keys:1M >"$1/ramdisks"; ${prepare}`, web.dir);
    await using daemon = new SystemDaemon(machine);
    await until("the other's run", async () => (await api.calls()).length === 1);
    await until("the failure", () => problem.test(daemon.log));
    deepStrictEqual(await mounted(machine), []);
    deepStrictEqual(await web.calls(), [], "run without what belongs into memory");
    await until("the status", async () => {
      const { homes } = await daemon.status();
      const pod = homes.find(({ user }) => user === "ann")?.pods[0];
      return pod?.nextRetryMs !== undefined && problem.test(pod.lastError?.text ?? "");
    });
  });
}

systemTest("a path that is exchanged all the time is never left", async (machine) => {
  const [ann] = machine.users;
  const home = await machine.hostHome(ann);
  const web = await machine.pod(ann, home, "web", "running");
  const outside = `${machine.dir}/outside/pods/web/release/1.0.0/ramdisk/keys`;
  await Deno.mkdir(outside, { recursive: true });
  await machine.as(
    ann,
    'mkdir -p "$1/ramdisk/keys"; echo keys:1M >"$1/ramdisks"; ln -s "$2" trap',
    web.dir,
    `${machine.dir}/outside`,
  );
  const [main, ramdisk] = [`${machine.dir}/project/daemon/main.ts`, "internal:ramdisk"];
  match(main, /main\.ts$/);
  // Swaps the home with a link to a tree that is not its owner's, as fast as it can.
  const swap =
    'cd "$HOME"; while [ ! -e end ]; do mv cluster-host a; mv -T trap cluster-host; mv -T cluster-host trap; mv a cluster-host; done; : >ended';
  const swapping = machine.as(ann, swap);
  const results = { done: 0, refused: 0 };
  for (let round = 0; round < 40; round += 1) {
    const place = [home, "web", "1.0.0", String(ann.uid)];
    const mount = [ramdisk, "mount", ...place, String(ann.gid), "keys:1M"];
    const { success } = await machine.daemon(mount).output();
    results[success ? "done" : "refused"] += 1;
    for (const { path } of await mounted(machine)) {
      strictEqual(path.startsWith(`${ann.home}/`), true, `mounted on ${path}`);
    }
    await machine.daemon([ramdisk, "unmount", ...place]).output();
  }
  await machine.as(ann, ": >end");
  await swapping;
  match(JSON.stringify(results), /"done":\d+/);
});
