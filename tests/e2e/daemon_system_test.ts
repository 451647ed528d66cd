/** The daemon's unit under a real systemd: ready, watched, restarted, upgraded, rebooted, with a real pod. */
import { match, ok, strictEqual } from "node:assert/strict";
import { systemdUnit } from "../../daemon/mod.ts";
import { SystemdMachine, whyNoSystemd } from "./systemd_machine.ts";

const why = whyNoSystemd();
if (why) console.warn(`The daemon is not tested under systemd: ${why}`);

const POD = `api: 1.0.0
podVersion: 1.0.0
runtime: executable
executable:
  command: [sleep, "98765"]
`;

/** The program `name` of this project, as a file of the machine. */
const program = (name: string) =>
  `#!/bin/sh
export DENO_DIR=/opt/deno_dir DENO_NO_UPDATE_CHECK=1
exec /opt/deno run -q -A --no-lock --config /opt/simplenetes/deno.json /opt/simplenetes/${name}/main.ts "$@"
`;

async function until(what: string, condition: () => Promise<boolean>, ms = 90_000): Promise<void> {
  const end = performance.now() + ms;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

Deno.test({
  name: "under systemd: ready, upgraded, killed, frozen and rebooted, and the pod goes on",
  ignore: why !== undefined,
  fn: async () => {
    await using machine = new SystemdMachine();
    const up = () => machine.is("systemctl is-system-running | grep -qE 'running|degraded'");
    await until("the boot", up);
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

    const boot = await machine.run("cat /proc/1/stat | cut -d ' ' -f 22");
    await machine.run("systemctl reboot || :").catch(() => {});
    await until("the next boot", async () => {
      return await machine.is(`[ "$(cut -d ' ' -f 22 /proc/1/stat)" != ${boot} ]`) && await up();
    });
    await until("the pod after the boot", () => machine.is("pgrep -u ann -fx 'sleep 98765'"));
    await until("its status", () => {
      return machine.is("simplenetesd status | grep -q 'web:1.0.0  running  ready'");
    });
  },
});

/** Puts the programs, the unit, an account and its host home with one compiled pod onto the machine. */
async function install(machine: SystemdMachine): Promise<void> {
  const put = 'printf %s "$2" >"$1"';
  for (const [name, folder] of [["simplenetesd", "daemon"], ["podc", "podc"]] as const) {
    const path = `/usr/local/bin/${name}`;
    await machine.run(`${put}; chmod 755 "$1"`, path, program(folder));
  }
  // A frozen daemon is to be found within the test's time.
  const unit = systemdUnit().replace(/^WatchdogSec=.*$/m, "WatchdogSec=5");
  await machine.run(put, "/etc/systemd/system/simplenetesd.service", unit);
  await machine.run("useradd -m ann; loginctl enable-linger ann; systemctl daemon-reload");
  const prepare = `cd; mkdir -p cluster-host/pods/web/release/1.0.0; cd cluster-host
    echo e2e-1 >cluster-id.txt; cd pods/web/release/1.0.0
    printf %s "$1" >.pod.yaml; podc web -f .pod.yaml -o pod; echo running >pod.state`;
  await machine.run(
    'exec setpriv --reuid ann --regid ann --init-groups env HOME=/home/ann sh -euc "$1" sh "$2"',
    prepare,
    POD,
  );
}
