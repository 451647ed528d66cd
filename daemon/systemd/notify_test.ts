import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { DatagramListener } from "../testing/datagrams.ts";
import { Notify, type NotifyDeps, watchdogMs } from "./notify.ts";
import { openDatagrams, socketAddress } from "./notify_socket.ts";

/** A line to nobody, with a clock to set. */
function testNotify(env: Record<string, string>, open?: NotifyDeps["open"]) {
  const sent: string[] = [];
  const clock = { now: 0 };
  let log = "";
  const notify = new Notify({
    env,
    pid: 77,
    now: () => clock.now,
    log: (_, message) => log += message,
    open: open ?? (() => ({ send: (text) => sent.push(text) > 0, [Symbol.dispose]: () => {} })),
  });
  return { notify, sent, clock, log: () => log };
}

for (const name of ["path", "abstract"]) {
  Deno.test(`notify: a real socket gets what is said (${name})`, async () => {
    const dir = await Deno.makeTempDir();
    const socket = name === "path" ? `${dir}/notify` : `@simplenetesd-test-${crypto.randomUUID()}`;
    {
      using listener = new DatagramListener(socket);
      const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "2000000" };
      using notify = testNotify(env, openDatagrams).notify;
      notify.status("Serving 2 pods");
      notify.ready();
      notify.turned();
      notify.stopping();
      deepStrictEqual(listener.received(), [
        "STATUS=Serving 2 pods",
        "READY=1",
        "WATCHDOG=1",
        "STOPPING=1",
      ]);
    }
    await Deno.remove(dir, { recursive: true });
  });
}

Deno.test("notify: a socket that nobody reads holds nobody up", async () => {
  const dir = await Deno.makeTempDir();
  {
    using _listener = new DatagramListener(`${dir}/full`);
    using full = openDatagrams(`${dir}/full`);
    let lost = 0;
    for (let n = 0; n < 5000; n += 1) if (!full.send(`STATUS=${n}`)) lost += 1;
    strictEqual(lost > 0, true);
  }
  {
    using nobody = openDatagrams(`${dir}/nobody`);
    strictEqual(nobody.send("READY=1"), false);
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("notify: nothing is said without a socket, a wrong one is logged", () => {
  const silent = testNotify({ WATCHDOG_USEC: "1000000" });
  silent.notify.ready();
  silent.notify.turned();
  deepStrictEqual([silent.sent, silent.notify.withinMs, silent.log()], [[], Infinity, ""]);
  match(testNotify({ NOTIFY_SOCKET: "relative" }, openDatagrams).log(), /NOTIFY_SOCKET/);
});

Deno.test("notify: signs of life while turns come, a status only when it is news", () => {
  const { notify, sent, clock } = testNotify({ NOTIFY_SOCKET: "@x", WATCHDOG_USEC: "20000000" });
  strictEqual(notify.withinMs, 10_000);
  for (clock.now = 0; clock.now < 60_000; clock.now += 1_000) notify.turned();
  strictEqual(sent.length, 12);
  notify.status("a");
  notify.status("a");
  strictEqual(sent.length, 13);
});

const watchdogs: readonly [Record<string, string>, number | undefined][] = [
  [{}, undefined],
  [{ WATCHDOG_USEC: "30000000" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "77" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "78" }, undefined],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{ WATCHDOG_USEC: "soon" }, undefined],
];
for (const [env, ms] of watchdogs) {
  Deno.test(`watchdogMs ${JSON.stringify(env)}`, () => strictEqual(watchdogMs(env, 77), ms));
}

Deno.test("socketAddress: paths, abstract names, nothing else", () => {
  deepStrictEqual([...socketAddress("/a")!], [1, 0, 0x2f, 0x61, 0]);
  deepStrictEqual([...socketAddress("@a")!], [1, 0, 0, 0x61]);
  for (const name of ["", "@", "a", "/a\0b", `/${"a".repeat(107)}`]) {
    strictEqual(socketAddress(name), undefined);
  }
  throws(() => openDatagrams("a"), /"a" is no path or @name/);
});
