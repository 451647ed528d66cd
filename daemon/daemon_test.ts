import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { serve, type ServeOptions } from "./daemon.ts";
import { podEnvironment } from "./environment.ts";
import { createLog } from "./log.ts";
import { GOING_DOWN } from "./system/going_down.ts";
import { TestHome, text, until } from "./testing/home.ts";

/** A daemon inside this process; disposing of it ends it. */
class TestDaemon implements AsyncDisposable {
  readonly stop = new AbortController();
  readonly stopNow = new AbortController();
  readonly served: Promise<void>;
  log = "";

  constructor(home: TestHome, options: Partial<ServeOptions> = {}) {
    this.served = serve(home.path, {
      log: createLog(5, (line) => this.log += line),
      env: podEnvironment(Deno.env.toObject(), { name: "tester", home: "/nowhere" }, "/own/bin"),
      stop: this.stop.signal,
      stopNow: this.stopNow.signal,
      ...options,
    });
  }

  async [Symbol.asyncDispose]() {
    this.stop.abort();
    await this.served;
  }
}

Deno.test("a changed pod.state is noticed and carried out", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "running");
  await using daemon = new TestDaemon(home);
  await until("run", async () => (await web.calls()).includes("run"));
  await until("the end of run", () => daemon.log.includes("run done"));
  ok(daemon.log.includes("(pid"), daemon.log);

  const began = performance.now();
  await web.setState("stopped");
  await until("stop", async () => (await web.calls()).at(-1) === "stop");
  ok(performance.now() - began < 5000);
  await web.setState("removed");
  await until("rm", async () => (await web.calls()).at(-1) === "rm");
  await until("the end of rm", () => daemon.log.includes("rm done"));
  deepStrictEqual(await web.calls(), ["run", "stop", "rm"]);
});

Deno.test("before the machine goes down all pods are stopped, the proxy last; their files stay", async () => {
  await using home = await TestHome.make();
  const pods = [await home.pod("proxy", "running"), await home.pod("web", "running")];
  pods.push(await home.pod("old", "stopped"));
  await using daemon = new TestDaemon(home);
  for (const name of ["proxy", "web"]) {
    await until(`${name} runs`, () => new RegExp(`Pod ${name}\\S* run done`).test(daemon.log));
  }
  await until("old is stopped", () => /Pod old\S* stop done/.test(daemon.log));
  daemon.stop.abort(GOING_DOWN);
  await Deno.writeTextFile(pods[1]!.paths.action, "rerun\n");
  await daemon.served;
  deepStrictEqual(await Promise.all(pods.map((pod) => pod.calls())), [
    ["run", "stop"],
    ["run", "stop"],
    ["stop"],
  ]);
  match(daemon.log, /goes down[^]*Pod web\S* stop done[^]*Pod proxy\S* stop done[^]*Ended\n$/);
  strictEqual(await text(pods[1]!.paths.state), "running\n");
  strictEqual(await text(pods[1]!.paths.action), "rerun\n");
});

Deno.test("a pod that does not stop in time keeps no machine up", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "running");
  await using daemon = new TestDaemon(home, { goDownMs: 300 });
  await until("web runs", () => daemon.log.includes("run done"));
  await web.set("fail");
  daemon.stop.abort(GOING_DOWN);
  await daemon.served;
  match(daemon.log, /have not stopped in time: web\/1\.0\.0/);
});

Deno.test("a release that appears later is run, with the host's address and a clean environment", async () => {
  await using home = await TestHome.make();
  await Deno.writeTextFile(`${home.path}/hosts.conf`, "127.0.0.2:32767\n127.0.0.3:32767\n");
  await using daemon = new TestDaemon(home);
  await until("readiness", () => daemon.log.includes("0 pods"));
  const web = await home.pod("web", "running");
  await until("run", async () => (await web.calls()).includes("run --host-interface=127.0.0.2"));
  const env = (await text(`${web.dir}/env`)).split("\n").map((line) => line.split("=")[0]);
  const allowed =
    "PATH HOME USER LOGNAME XDG_RUNTIME_DIR LANG TZ SPACE_LOG_LEVEL PWD OLDPWD SHLVL _";
  deepStrictEqual(env.filter((name) => name && !allowed.split(" ").includes(name)), []);
  match(await text(`${web.dir}/env`), /^PATH=\/own\/bin:/m);
  match(await text(`${web.dir}/env`), /^SPACE_LOG_LEVEL=2$/m);

  await until("the end of run", () => daemon.log.includes("run done"));
  await Deno.writeTextFile(`${home.path}/hosts.conf`, "127.0.0.9:32767\n");
  await until("rebinding", async () => {
    return (await web.calls()).at(-1) === "rerun --host-interface=127.0.0.9";
  });
});

Deno.test("pod.action is carried out once, any number of containers", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "running");
  const idle = await home.pod("idle", "stopped");
  await using daemon = new TestDaemon(home);
  await until("both", () => /run done/.test(daemon.log) && /stop done/.test(daemon.log));
  await Deno.writeTextFile(web.paths.action, "rerun a b-c D\n");
  await until("rerun", async () => (await web.calls()).includes("rerun a b-c D"));
  await until("its end", () => daemon.log.includes("rerun done"));
  await Deno.writeTextFile(web.paths.action, "rerun; reboot\n");
  await until("a warning", () => daemon.log.includes("pod.action is ignored, as it cannot be"));
  await Deno.writeTextFile(idle.paths.action, "rerun\n");
  await until("a warning", () => daemon.log.includes("ignored, as its state is stopped"));
  strictEqual(await text(web.paths.action) + await text(idle.paths.action), "");
  deepStrictEqual(await web.calls(), ["run", "rerun a b-c D"]);
  deepStrictEqual(await idle.calls(), ["stop"]);
});

Deno.test("a failing pod backs off and says why, another one works", async () => {
  await using home = await TestHome.make();
  const bad = await home.pod("bad", "stopped");
  await bad.set("fail");
  await bad.setState("running");
  const good = await home.pod("good", "running");
  await using daemon = new TestDaemon(home);
  await until("three attempts", async () => (await bad.calls()).length === 3);
  match(daemon.log, /Pod bad\/1\.0\.0: \| told to fail/);
  deepStrictEqual(await good.calls(), ["run"]);
  const times = [...daemon.log.matchAll(/trying again/g)].length;
  strictEqual(times, 2);
  await bad.unset("fail");
  await until("success", () => daemon.log.includes("Pod bad/1.0.0: run done"));
});

Deno.test("a supervisor that was killed is run again", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "running");
  await using daemon = new TestDaemon(home);
  await until("a supervisor", async () => /status: running/.test(await text(web.paths.status)));
  await until("the end of run", () => daemon.log.includes("run done"));
  const first = await web.pid();
  await web.kill();
  await until("another one", async () => {
    const pid = await web.pid();
    return pid > 0 && pid !== first && (await text(web.paths.status)).includes(`pid: ${pid}`);
  });
  ok(daemon.log.includes("process is gone") || daemon.log.includes("has ended"), daemon.log);
});

Deno.test("portmappings.conf has the ready pods, and lets go of one before it is stopped", async () => {
  await using home = await TestHome.make();
  const routes = `${home.path}/portmappings.conf`;
  const web = await home.pod("web", "running");
  const api = await home.pod("api", "running");
  await Deno.writeTextFile(web.paths.portMappings, "61001:30001:4096:false\n");
  await Deno.writeTextFile(api.paths.portMappings, "61000:30000:10:true\n61001:30001:4096:false\n");
  await using daemon = new TestDaemon(home);
  const both = "61000:30000:10:true\n61001:30001:4096:false\n";
  await until("both", async () => await text(routes) === both);
  strictEqual((await Deno.stat(routes)).mode! & 0o777, 0o644);

  await api.set("unready");
  await until("api's removal", async () => await text(routes) === "61001:30001:4096:false\n");
  await until("run is over", () => daemon.log.split("run done").length === 3);
  await web.setState("stopped");
  await until("web's removal", async () => await text(routes) === "\n");
  const unrouted = performance.now();
  ok(!(await web.calls()).includes("stop"), "stopped before it was unrouted");
  await until("stop", async () => (await web.calls()).includes("stop"));
  ok(performance.now() - unrouted > 300, "no time for the proxies");
});

Deno.test("jumps of the clock neither restart a pod nor take its traffic", async () => {
  await using home = await TestHome.make();
  const routes = `${home.path}/portmappings.conf`;
  const web = await home.pod("web", "running");
  await Deno.writeTextFile(web.paths.portMappings, "61000:30000:4096:false\n");
  let jump = 0;
  const now = () => ({ mono: performance.now(), wall: Date.now() + jump });
  await using daemon = new TestDaemon(home, { now, loop: { pollMs: 200 } });
  await until("traffic", async () => await text(routes) === "61000:30000:4096:false\n");
  await until("a steady pod", async () => /status: running/.test(await text(web.paths.status)));
  for (jump of [3_600_000, -3_600_000, 86_400_000 * 400, 0]) {
    const before = await text(web.paths.status);
    // The fake pod's status has seconds: another one is another second.
    await until("a refresh", async () => await text(web.paths.status) !== before);
    strictEqual(await text(routes), "61000:30000:4096:false\n");
  }
  deepStrictEqual(await web.calls(), ["run"], daemon.log);
});

/** A home with two versions of a pod that serve, of which the first runs and the second starts first. */
async function twoVersions(home: TestHome) {
  const old = await home.pod("web", "running");
  const next = await home.pod("web", "stopped", "2.0.0");
  await next.startFirst();
  for (const [n, { paths }] of [old, next].entries()) {
    await Deno.writeTextFile(paths.portMappings, `61000:3000${n}:4096:false\n`);
  }
  const routes = () => text(`${home.path}/portmappings.conf`);
  await using _daemon = new TestDaemon(home);
  await until("the old version's traffic", async () => {
    return await routes() === "61000:30000:4096:false\n" && (await next.calls()).length === 1;
  });
  return { old, next, routes };
}

Deno.test("a version that starts first is ready before another one is stopped", async () => {
  await using home = await TestHome.make();
  const { old, next, routes } = await twoVersions(home);
  await next.set("unready");
  await using daemon = new TestDaemon(home);
  await until("adoption", () => daemon.log.includes("run done"));
  await old.setState("removed");
  await next.setState("running");
  await until(
    "word of it",
    () => daemon.log.includes("web/1.0.0 goes on until web/2.0.0 is ready"),
  );
  await until("the next version", async () => /readiness: 0/.test(await text(next.paths.status)));
  // A daemon that begins meanwhile does the same.
  daemon.stop.abort();
  await daemon.served;
  await using second = new TestDaemon(home);
  await until("adoption of the next one", () => second.log.includes("web/2.0.0: run done"));
  strictEqual(await routes(), "61000:30000:4096:false\n", "the old one has its traffic");
  deepStrictEqual((await old.calls()).filter((call) => call === "rm"), []);
  await next.unset("unready");
  await until("the new one's traffic", async () => await routes() === "61000:30001:4096:false\n");
  await until("the old one's removal", async () => (await old.calls()).at(-1) === "rm");
});

Deno.test("a version that starts first and fails holds the old one no longer", async () => {
  await using home = await TestHome.make();
  const { old, next } = await twoVersions(home);
  await next.set("fail");
  await using daemon = new TestDaemon(home);
  await next.setState("running");
  await old.setState("stopped");
  await until("a failure", () => daemon.log.includes("web/2.0.0: run failed"));
  await until("the old one's end", async () => (await old.calls()).at(-1) === "stop");
});

Deno.test("a second daemon is refused and told who holds the home", async () => {
  await using home = await TestHome.make();
  await using daemon = new TestDaemon(home);
  await until("the first one", () => daemon.log.includes("serves"));
  // A lock is a process's own: the second daemon has to be another process.
  const main = new URL("./main.ts", import.meta.url).pathname;
  const second = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, home.path],
    stdin: "null",
  }).output();
  strictEqual(second.code, 1);
  match(new TextDecoder().decode(second.stderr), new RegExp(`another .* \\(pid ${Deno.pid}, `));
});

Deno.test("the end waits for commands under way, and leaves the pods alone", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "stopped");
  await web.set("slow");
  await web.setState("running");
  const daemon = new TestDaemon(home);
  await until("run", async () => (await web.calls()).length === 1);
  daemon.stop.abort();
  await daemon.served;
  match(daemon.log, /waiting for the pod commands[^]*run done[^]*the pods keep running/);
  const pid = await web.pid();
  ok((await Deno.lstat(`/proc/${pid}`)).isDirectory);
});

Deno.test("the second signal ends it at once", async () => {
  await using home = await TestHome.make();
  const web = await home.pod("web", "stopped");
  await Deno.writeTextFile(web.paths.pod, "#!/bin/sh\necho x >>calls\nsleep 100\n");
  const daemon = new TestDaemon(home);
  await until("stop", async () => (await web.calls()).length === 1);
  const began = performance.now();
  daemon.stop.abort();
  daemon.stopNow.abort();
  await daemon.served;
  ok(performance.now() - began < 10_000);
  match(daemon.log, /interrupted, as this daemon ends/);
});

Deno.test("no host home is an error that says what to do", async () => {
  await rejects(
    serve("/nonexistent/home", {
      log: () => {},
      env: {},
      stop: AbortSignal.abort(),
      stopNow: AbortSignal.abort(),
    }),
    /does not exist.*sns host init/,
  );
});

Deno.test("unreadable and foreign files harm nobody and are reported once", async () => {
  await using home = await TestHome.make();
  await using daemon = new TestDaemon(home);
  await until("the first look", () => daemon.log.includes("0 pods"));
  const fifo = await home.pod("fifo", "running");
  await new Deno.Command("mkfifo", { args: [fifo.paths.action] }).output();
  const odd = await home.pod("odd", "sleeping");
  await Deno.remove(fifo.paths.state);
  await Deno.symlink("/etc/passwd", fifo.paths.state);
  const good = await home.pod("good", "running");
  await Deno.writeTextFile(good.paths.portMappings, "nonsense 61000:30000:10:true\n");
  await until("run", async () => (await good.calls()).length === 1);
  await until(
    "the good line",
    async () => await text(`${home.path}/portmappings.conf`) === "61000:30000:10:true\n",
  );
  // What comes later is noticed by events none the less.
  const began = performance.now();
  await good.setState("stopped");
  await until("stop", async () => (await good.calls()).at(-1) === "stop");
  ok(performance.now() - began < 8000, "noticed by the look at everything only");
  strictEqual(daemon.log.split('"sleeping\\n" is not running').length, 2, daemon.log);
  strictEqual(daemon.log.split('"nonsense" is not').length, 2);
  deepStrictEqual(await odd.calls(), []);
  await Deno.remove(fifo.paths.action);
});
