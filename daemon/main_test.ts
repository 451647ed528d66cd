import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
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
