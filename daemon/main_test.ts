import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DatagramListener } from "./testing/datagrams.ts";
import { TestHome, text, until } from "./testing/home.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function command(args: readonly string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the program to its end: exit code, stdout, stderr. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await command(args).output();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("help and version go to stdout", async () => {
  const help = await run("--help");
  deepStrictEqual([help.code, help.stderr], [0, ""]);
  match(help.stdout, /^Usage: simplenetesd/);
  deepStrictEqual(await run("-V"), {
    code: 0,
    stdout: (await run("version")).stdout,
    stderr: "",
  });
  match((await run("--version")).stdout, /^Simplenetesd \d+\.\d+\.\d+\n$/);
});

Deno.test("a wrong command line is exit code 2, a wrong home 1", async () => {
  const usage = await run("--nope");
  strictEqual(usage.code, 2);
  match(usage.stderr, /^\[ERROR\] [^]*Try "simplenetesd --help"/);
  const home = await run("/nonexistent/home");
  strictEqual(home.code, 1);
  match(home.stderr, /^\[ERROR\] Cannot serve \/nonexistent\/home: it does not exist/);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test(`${signal} ends the program with 0, the pods keep running`, async () => {
    await using home = await TestHome.make();
    const web = await home.pod("web", "running");
    const child = command([home.path], { SIMPLENETES_BIN: "/own/bin" }).spawn();
    let log = "";
    const reading = (async () => {
      for await (const chunk of child.stderr) log += decode(chunk);
    })();
    try {
      await until("the ready line", () => /serves .*\(pid \d+, 1 pods\)/.test(log));
      await until("the end of run", () => log.includes("run done"));
      child.kill(signal);
      strictEqual((await child.status).code, 0);
    } finally {
      await child.stdout.cancel();
      await reading;
    }
    match(log, /the pods keep running/);
    match(await text(`${web.dir}/env`), /^PATH=\/own\/bin:/m);
    ok((await Deno.lstat(`/proc/${await web.pid()}`)).isDirectory);
  });
}

Deno.test("status shows a daemon's pods, and says when none runs", async () => {
  await using home = await TestHome.make();
  const none = await run("status", home.path);
  deepStrictEqual([none.code, none.stdout], [1, ""]);
  match(none.stderr, /No simplenetesd serves \S+\. Start one with "simplenetesd \S+"/);

  await home.pod("web", "running");
  const bad = await home.pod("bad", "stopped");
  await bad.set("fail");
  using socket = new DatagramListener(`@simplenetesd-test-${crypto.randomUUID()}`);
  const child = command([home.path], { NOTIFY_SOCKET: socket.name, WATCHDOG_USEC: "400000" })
    .spawn();
  try {
    await until("the report", async () => {
      const { code, stdout } = await run("status", home.path);
      return code === 0 && /web:1\.0\.0 +running +ready +run done/.test(stdout) &&
        /bad:1\.0\.0 +stopped +- +stop \w+ .*told to fail/.test(stdout);
    });
    const report = JSON.parse((await run("status", "--json", home.path)).stdout);
    deepStrictEqual(
      report.homes[0].pods.map(({ pod, desired }: { pod: string; desired: string }) => [
        pod,
        desired,
      ]),
      [["bad", "stopped"], ["web", "running"]],
    );
    strictEqual((await Deno.lstat(`${home.path}/.simplenetesd.status`)).mode! & 0o777, 0o600);
    await until("signs of life", () => socket.received().includes("WATCHDOG=1"));
    strictEqual(socket.received().filter((said) => said === "READY=1").length, 1);
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await child.stderr.cancel();
    await child.status;
  }
  strictEqual(socket.received().includes("STOPPING=1"), true);
  match((await run("status", home.path)).stderr, /the last one, pid \d+, is gone/);
});

Deno.test("a journal gets priorities, anything else the time", async () => {
  await using home = await TestHome.make();
  const script = 'JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec "$@"';
  for (const journal of [true, false]) {
    const argv = [Deno.execPath(), "run", "-A", MAIN, home.path];
    const child = new Deno.Command("sh", {
      args: journal ? ["-c", script, "sh", ...argv] : ["-c", 'exec "$@"', "sh", ...argv],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let log = "";
    const reading = (async () => {
      for await (const chunk of child.stderr) log += decode(chunk);
    })();
    await until("a line", () => log.includes(" serves "));
    child.kill("SIGTERM");
    await child.status;
    await reading;
    const line = journal ? /^<6>\[INFO\] / : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[INFO\] /;
    deepStrictEqual(log.trim().split("\n").filter((text) => !line.test(text)), []);
  }
});
