/** The daemon's unit under a real systemd: ready, watched, restarted, upgraded, rebooted, with a real pod. */
import { match, ok, strictEqual } from "node:assert/strict";
import { REMOTE_PROGRAMS } from "../../../cli/remote/programs.ts";
import { systemdUnit } from "../../../daemon/mod.ts";
import { Lab } from "../../hosts/lab.ts";
import type { Machine } from "../../hosts/machine.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { eventually } from "../../shell/pod_folder.ts";

const why = await whyNoHosts();
if (why) console.warn(`The daemon is not tested under systemd: ${why}`);

const POD = `api: 1.0.0
podVersion: 1.0.0
runtime: executable
executable:
  command: [sleep, "98765"]
`;

const until = (what: string, condition: () => Promise<boolean>) =>
  eventually(what, condition, 90_000);

Deno.test({
  name: "under systemd: ready, upgraded, killed, frozen and rebooted, and the pod goes on",
  ignore: why !== undefined,
  fn: async () => {
    await using lab = await Lab.create({ m1: { disk: "bare" } });
    const machine = lab.host("m1");
    await install(machine);
    const sleeper = () => machine.run("pgrep -u ann -fx 'sleep 98765'");
    const main = () => machine.run("systemctl show -P MainPID simplenetesd");

    await machine.run("systemctl enable --now simplenetesd");
    strictEqual(await machine.run("systemctl is-active simplenetesd"), "active");
    await until("the pod", () => machine.is("pgrep -u ann -fx 'sleep 98765'"));
    const pid = await sleeper();
    await until("the status", async () => {
      const text = await machine.run("systemctl show -P StatusText simplenetesd");
      return text === "Serving 1 host homes, with 1 pods";
    });
    match(await machine.run("simplenetesd status"), /web:1\.0\.0 +running +ready +run done/);
    // The journal took the priorities away and notes the time itself.
    const journal = await machine.run("journalctl -p info -o cat -u simplenetesd");
    match(journal, /^\[INFO\] +simplenetesd \S+ serves the host homes of all users/m);
    ok(!/^<|^\d{4}-\d\d-\d\dT/m.test(journal), journal);
    await readsJournal(machine);

    await machine.run("systemctl restart simplenetesd");
    strictEqual(await sleeper(), pid, "an upgrade ended the pod");
    for (const signal of ["KILL", "STOP"]) {
      const before = await main();
      await machine.run(`systemctl kill --kill-who=main -s ${signal} simplenetesd`);
      await until(`another daemon after ${signal}`, async () => {
        return await main() !== before && await machine.is("systemctl is-active simplenetesd");
      });
      strictEqual(await sleeper(), pid, `SIG${signal} ended the pod`);
    }

    await machine.reboot();
    await until("the pod after the boot", () => machine.is("pgrep -u ann -fx 'sleep 98765'"));
    await until("its status", () => {
      return machine.is("simplenetesd status | grep -q 'web:1.0.0  running  ready'");
    });
  },
});

/** What `sns host logs` runs on a host reads the real journal. */
async function readsJournal(machine: Machine): Promise<void> {
  const line =
    /^\d{10}\.\d{9} 0 \S*simplenetesd\S*\[\d+\]: \[INFO\] .*serves the host homes of all users/m;
  const read = (...args: string[]) => machine.run(REMOTE_PROGRAMS.daemonLog, ...args);
  match(await read("no", "0", "0"), line);
  strictEqual((await read("no", "0", "1")).split("\n").length, 1);
}

/** Puts the unit, an account and its host home with one compiled pod onto the machine. */
async function install(machine: Machine): Promise<void> {
  const put = 'printf %s "$2" >"$1"';
  // A frozen daemon is to be found within the test's time.
  const unit = systemdUnit().replace(/^WatchdogSec=.*$/m, "WatchdogSec=5");
  await machine.run(put, "/etc/systemd/system/simplenetesd.service", unit);
  await machine.run("useradd -m ann; loginctl enable-linger ann; systemctl daemon-reload");
  await machine.as(
    "ann",
    `mkdir -p cluster-host/pods/web/release/1.0.0; cd cluster-host
    echo e2e-1 >cluster-id.txt; cd pods/web/release/1.0.0
    printf %s "$1" >.pod.yaml; podc web -f .pod.yaml -o pod; echo running >pod.state`,
    POD,
  );
}
