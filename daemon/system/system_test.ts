/** The system mode for real, as root, on a machine of its own: accounts, privileges, restarts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { isAlive } from "../process_table.ts";
import { DatagramListener } from "../testing/datagrams.ts";
import { text, until } from "../testing/home.ts";
import { SystemDaemon, systemTest } from "../testing/system_daemon.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

systemTest(
  "every account's homes are served with its privileges, and nothing of root's",
  async (machine) => {
    const [ann, bob] = machine.users;
    const web = await machine.pod(ann, await machine.hostHome(ann), "web", "running");
    const deep = await machine.hostHome(bob, `${bob.home}/deep/er/home`);
    const api = await machine.pod(bob, deep, "api", "running");
    await machine.as(bob, 'mkdir .simplenetes-homes && ln -s "$1" .simplenetes-homes/1', deep);
    await machine.as(ann, ': >"$1/probe"', web.dir);
    await using daemon = new SystemDaemon(machine, { SECRET: "x", LD_LIBRARY_PATH: "/nowhere" });
    await until("both pods", async () => {
      return (await web.calls()).includes("run") && (await api.calls()).includes("run");
    });

    const probe = await text(`${web.dir}/probe`);
    match(probe, /^Uid:\t29901\t29901\t29901\t29901$/m);
    match(probe, /^Gid:\t29951\t29951\t29951\t29951$/m);
    match(probe, /^Groups:\t29951 29999 $/m);
    for (const set of ["Inh", "Prm", "Eff", "Amb"]) {
      match(
        probe,
        new RegExp(`^Cap${set}:\t0+$`, "m"),
      );
    }
    // Open is what any child of this test finds open, as its daemon is one.
    const { stdout } = await new Deno.Command("ls", { args: ["/proc/self/fd"] }).output();
    strictEqual(await text(`${web.dir}/fds`), decode(stdout));
    const env = (await text(`${web.dir}/env`)).split("\n").toSorted();
    deepStrictEqual(env.filter((line) => /SECRET|LD_|DENO|NOTIFY|root/.test(line)), []);
    ok(env.includes(`HOME=${ann.home}`) && env.includes("USER=ann"), env.join("\n"));
    ok(env.includes("XDG_RUNTIME_DIR=/run/user/29901"));
    strictEqual((await Deno.lstat(machine.path("/run/user/29901"))).mode! & 0o7777, 0o700);

    const both = JSON.stringify([["ann", ["web"]], ["bob", ["api"]]]);
    await until("the status of both", async () => {
      const { homes } = await daemon.status();
      const seen = homes.map(({ user, pods }) => [user, pods.map(({ pod }) => pod)]);
      return JSON.stringify(seen) === both;
    });
  },
);

systemTest("a home's process that is killed is replaced, the others go on", async (machine) => {
  const [ann, bob] = machine.users;
  const web = await machine.pod(ann, await machine.hostHome(ann), "web", "running");
  const api = await machine.pod(bob, await machine.hostHome(bob), "api", "running");
  await using daemon = new SystemDaemon(machine);
  await until("both", async () => (await daemon.served()).length === 2);
  const [first, other] = await daemon.served();
  Deno.kill(first!.pid!, "SIGKILL");
  await until("another process", async () => {
    const [now] = await daemon.served();
    return now !== undefined && now.user === "ann" && now.pid !== first!.pid;
  });
  strictEqual((await daemon.served())[1]!.pid, other!.pid);
  match(daemon.log, /its process was ended by SIGKILL; the next one starts in 1 s/);
  await until("the pod is taken over", async () => (await web.calls()).length === 2);
  deepStrictEqual(await api.calls(), ["run"]);
});

systemTest("accounts that are named are served, no others", async (machine) => {
  const [ann, bob] = machine.users;
  await machine.hostHome(ann);
  const home = await machine.hostHome(bob);
  await using daemon = new SystemDaemon(machine, { SIMPLENETESD_ACCOUNTS: "bob nobody-knows" });
  await until("bob's home", async () => (await daemon.served()).length === 1);
  deepStrictEqual((await daemon.served()).map((served) => served.home), [home]);
  ok(!daemon.log.includes(ann.home));
});

systemTest("homes come and go", async (machine) => {
  const [ann] = machine.users;
  await using daemon = new SystemDaemon(machine);
  await until("a first look", () => daemon.log.includes("serves the host homes"));
  const home = await machine.hostHome(ann);
  await until("it is served", async () => (await daemon.served()).length === 1);
  await machine.as(ann, 'mv "$1/pods" "$1/away"', home);
  await until("it is let go", async () => (await daemon.served()).length === 0);
  await machine.as(ann, 'mv "$1/away" "$1/pods"', home);
  await until("it is served again", async () => (await daemon.served()).length === 1);
});

systemTest(
  "pods outlive the daemon, its sudden death too, and the next one takes them over",
  async (machine) => {
    const [ann] = machine.users;
    const web = await machine.pod(ann, await machine.hostHome(ann), "web", "running");
    {
      await using daemon = new SystemDaemon(machine);
      await until("the end of run", () => daemon.log.includes("run done"));
    }
    const pid = await web.pid();
    const killed = new SystemDaemon(machine);
    await until("adoption", async () => (await web.calls()).length === 2);
    await until("the home", async () => (await killed.served()).length === 1);
    const [served] = await killed.served();
    killed.child.kill("SIGKILL");
    await until("the end of the home's process", () => !isAlive(served!.pid!));
    await killed[Symbol.asyncDispose]();
    await using _next = new SystemDaemon(machine);
    await until("adoption", async () => (await web.calls()).length === 3);
    strictEqual(await web.pid(), pid);
    ok(isAlive(pid));
    deepStrictEqual(await web.calls(), ["run", "run", "run"]);
  },
);

systemTest("a second daemon for the system is refused", async (machine) => {
  await using daemon = new SystemDaemon(machine);
  await until("the first one", () => daemon.log.includes("serves the host homes"));
  const { code, stderr } = await machine.daemon([]).output();
  strictEqual(code, 1);
  match(decode(stderr), /Cannot serve this system: another simplenetesd .*\(pid \d+/);
});

systemTest("without a daemon there is no status, and it says what to do", async (machine) => {
  const { code, stdout, stderr } = await machine.daemon(["status"]).output();
  deepStrictEqual([code, decode(stdout)], [1, ""]);
  match(decode(stderr), /No simplenetesd serves this system\. Start it with "systemctl start/);
});

systemTest("systemd is told: ready, alive, stopping, and what it serves", async (machine) => {
  const [ann] = machine.users;
  await machine.pod(ann, await machine.hostHome(ann), "web", "running");
  using socket = new DatagramListener(`${machine.dir}/notify`);
  const env = { NOTIFY_SOCKET: socket.name, WATCHDOG_USEC: "500000" };
  {
    await using daemon = new SystemDaemon(machine, env);
    await until("readiness", () => socket.received().includes("READY=1"));
    strictEqual((await daemon.served()).length, 1, "ready before its homes are served");
    const alive = () => socket.received().filter((text) => text === "WATCHDOG=1").length;
    await until("signs of life", () => alive() > 3);
    await until("a status", () => {
      return socket.received().includes("STATUS=Serving 1 host homes, with 1 pods");
    });
    // A daemon that stands still gives no sign of life.
    daemon.child.kill("SIGSTOP");
    const stat = `/proc/${daemon.child.pid}/stat`;
    await until("it stands still", async () => (await text(stat)).includes(") T "));
    const before = alive();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    strictEqual(alive(), before);
    daemon.child.kill("SIGCONT");
  }
  strictEqual(socket.received().at(-1)?.startsWith("STATUS="), true);
  ok(socket.received().includes("STOPPING=1"));
});
