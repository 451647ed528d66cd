/** Probes, signals, configs and restart policies, with a program for a unit, for one shell. */
import assert from "node:assert/strict";
import { parsePodStatus } from "../../podc/mod.ts";
import { killOne } from "../kill_one.ts";
import { TextLineStream } from "../text_lines.ts";
import { eventually, PodFolder } from "./pod_folder.ts";
import { shells } from "./shells.ts";

/** A pod of one program, with more keys of `executable`. */
function yaml(script: string, more: readonly string[] = [], top = ""): string {
  return [
    "api: 1.0.0",
    "podVersion: 1.2.3",
    "runtime: executable",
    top,
    "executable:",
    `  command: [sh, -c, ${JSON.stringify(script)}]`,
    ...more.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

const SERVE = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done";
const CONFIG = "volumes: [{ name: conf, type: config }]";

/** Defines the suite for one shell; nothing where the machine lacks it. */
export async function supervisionSuite(shellName: string): Promise<void> {
  const busyboxDir = Deno.makeTempDirSync({ prefix: "busybox-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(busyboxDir, { recursive: true }));
  const shell = (await shells(busyboxDir)).find(({ name }) => name === shellName);
  if (!shell) return;
  const compile = (source: string, configs: Record<string, string> = {}) =>
    PodFolder.compile(source, {
      interpreter: shell.interpreter,
      env: { PATH: shell.path, HOME: "/nonexistent", SPACE_LOG_LEVEL: "2" },
      configs,
    });
  const unit = async (pod: PodFolder) =>
    parsePodStatus((await pod.read(".pod.status")) ?? "").containers[0];
  const starts = async (pod: PodFolder) =>
    (await pod.log("web")).filter((line) => line === "web up").length;
  const ready = async (pod: PodFolder) => (await pod.pod("readiness")).code === 0;
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${shell.name}: ${name}`, fn);

  test("a readiness probe makes ready and unready, and says so", async () => {
    await using pod = await compile(
      yaml(SERVE, ["readinessProbe: { cmd: [test, -e, well], interval: 1 }"]),
    );
    await pod.pod("run");
    await eventually(
      "the first failure",
      async () => (await unit(pod))?.fields.get("probe") === "readiness failing (1 in a row)",
    );
    assert.equal(await ready(pod), false);
    await Deno.writeTextFile(`${pod.dir}/well`, "");
    await eventually("ready", () => ready(pod));
    await Deno.remove(`${pod.dir}/well`);
    await eventually("unready", async () => !(await ready(pod)));
    assert.equal(await starts(pod), 1);
  });

  test("a liveness probe restarts after its threshold, a hanging one counts and leaves no process", async () => {
    await using pod = await compile(
      yaml(SERVE, [
        "restart: always",
        "livenessProbe: { cmd: [sh, -c, 'echo $$ >>probes; [ ! -e ill ] || exec sleep 1000'], interval: 1, timeout: 1, failureThreshold: 2 }",
      ]),
    );
    await pod.pod("run", "--wait=20");
    await Deno.writeTextFile(`${pod.dir}/ill`, "");
    await eventually("a restart", async () => (await starts(pod)) === 2);
    await Deno.remove(`${pod.dir}/ill`);
    await eventually("the count", async () => (await unit(pod))?.fields.get("restarts") === "1");
    assert.match((await pod.log("-p")).join("\n"), /liveness failed 2 times in a row/);
    const pids = (await pod.read("probes"))!.trim().split("\n");
    await eventually("the end of all probes", async () => {
      const left = await Promise.all(pids.map(async (pid) => {
        const comm = await pod.read(`../../proc/${pid}/comm`);
        return comm?.trim() === "sleep";
      }));
      return !left.includes(true);
    });
  });

  test("a startup probe by command holds readiness back, and a late one is a failed start", async () => {
    await using pod = await compile(
      yaml(SERVE, ["restart: on-failure", "startupProbe: { cmd: [test, -e, well], timeout: 2 }"]),
    );
    await pod.pod("run");
    await eventually("a second start", async () => (await starts(pod)) >= 2);
    assert.match((await pod.log("-p")).join("\n"), /startup failed: not up after 2 s/);
    await Deno.writeTextFile(`${pod.dir}/well`, "");
    await eventually("ready", () => ready(pod));
  });

  test("a startup probe by exit is a job: done with 0, failed with another code", async () => {
    await using pod = await compile(
      yaml("echo up; [ -e well ]", [
        "restart: on-failure",
        "startupProbe: { exit: true, timeout: 20 }",
      ]),
    );
    await pod.pod("run");
    await eventually("a second start", async () => (await starts(pod)) >= 2);
    assert.equal(await ready(pod), false);
    await Deno.writeTextFile(`${pod.dir}/well`, "");
    await eventually("ready", () => ready(pod));
    assert.equal((await unit(pod))?.exitCode, 0);
  });

  test("stop is noticed while a probe hangs", async () => {
    await using pod = await compile(
      yaml(SERVE, ["startupProbe: { cmd: [sleep, '1000'], timeout: 1000 }"]),
    );
    await pod.pod("run");
    await eventually(
      "the probe",
      async () => (await unit(pod))?.fields.get("probe") === "startup pending",
    );
    const began = performance.now();
    assert.equal((await pod.pod("stop")).code, 0);
    assert.ok(performance.now() - began < 8000);
    assert.ok((await pod.log()).includes("web bye"));
  });

  test("a changed config is found by content and told by signal, by command, or by a restart", async () => {
    const cases = [
      {
        more: ["signal: [{ sig: HUP }]"],
        script: `trap 'echo told' HUP; ${SERVE}`,
        told: "web told",
      },
      { more: ["signal: [{ cmd: [sh, -c, 'echo told >told'] }]"], script: SERVE, told: undefined },
      { more: ["restart: on-config"], script: SERVE, told: "web bye" },
    ];
    for (const { more, script, told } of cases) {
      await using pod = await compile(yaml(script, more, CONFIG), { "conf/a b": "old" });
      await pod.pod("run", "--wait=20");
      await eventually(
        "the first sight",
        async () => (await pod.read(".pod.run/configs")) !== undefined,
      );
      // Same size and time stamp: nothing but the content tells.
      const info = await Deno.stat(`${pod.dir}/config/conf/a b`);
      await Deno.writeTextFile(`${pod.dir}/config/conf/a b`, "new");
      await Deno.utime(`${pod.dir}/config/conf/a b`, info.atime!, info.mtime!);
      await eventually(
        "told",
        async () =>
          told === undefined
            ? (await pod.read("told")) !== undefined
            : (await pod.log("web")).includes(told),
      );
      if (more[0] === "restart: on-config") {
        await eventually("anew", async () => (await starts(pod)) === 2);
      } else assert.equal(await starts(pod), 1);
    }
  });

  test("signal and reload-configs tell at once, and fail when they cannot", async () => {
    await using pod = await compile(
      yaml(SERVE, ["signal: [{ cmd: [sh, -c, '[ ! -e deaf ] && echo told >>told'] }]"], CONFIG),
      { "conf/a": "" },
    );
    assert.equal((await pod.pod("reload-configs", "conf")).code, 1, "not while it is down");
    await pod.pod("run", "--wait=20");
    assert.equal((await pod.pod("signal")).code, 0);
    assert.equal((await pod.pod("signal", "web")).code, 0);
    assert.equal((await pod.pod("reload-configs", "conf", "other")).code, 0);
    assert.equal(await pod.read("told"), "told\ntold\ntold\n");
    assert.equal((await pod.pod("reload-configs", "other")).code, 0);
    assert.equal((await pod.pod("reload-configs")).code, 1);
    assert.equal((await pod.pod("signal", "nobody")).code, 1);
    await Deno.writeTextFile(`${pod.dir}/deaf`, "");
    assert.match((await pod.pod("signal")).err, /Could not be told: web/);
  });

  test("on-interval leaves that long after each end, whoever wakes the supervisor", async () => {
    await using pod = await compile(yaml("cat /proc/uptime >>times", ["restart: on-interval:1"]));
    await pod.pod("run", "--wait=20");
    const times = async () => (await pod.read("times"))?.trim().split("\n").map(parseFloat) ?? [];
    await eventually("five runs", async () => {
      killOne(await pod.supervisor(), "SIGUSR1");
      return (await times()).length >= 5;
    });
    const all = await times();
    for (const [run, time] of all.slice(1).entries()) {
      assert.ok(time - all[run]! >= 0.98, `${all}`);
    }
  });

  test("on-interval runs again and again, at rest it is ready", async () => {
    await using pod = await compile(yaml("echo up", ["restart: on-interval:2"]));
    await pod.pod("run", "--wait=20");
    await eventually("three runs", async () => (await starts(pod)) >= 3);
    const times = (await pod.pod("logs", "--details=ts", "web")).out.trim().split("\n").map((
      line,
    ) => Number(line.split(" ")[0]));
    assert.ok(times[1]! - times[0]! >= 1, String(times));
    assert.ok(await ready(pod));
  });

  test("ps, info and logs speak JSON", async () => {
    await using pod = await compile(
      yaml(`printf '%s\\n' 'a "b" \\\\ c\td'; ${SERVE}`, ["restart: always"], CONFIG),
      { "conf/a": "" },
    );
    assert.deepEqual(JSON.parse((await pod.pod("ps", "--json")).out), {
      pod: "web-1.2.3",
      status: "non-existing",
    });
    await pod.pod("run", "--wait=20");
    const ps = JSON.parse((await pod.pod("ps", "--json")).out);
    assert.equal(ps.readiness, true);
    assert.equal(ps.containers[0].startCount, 1);
    const info = JSON.parse((await pod.pod("info", "--json")).out);
    assert.deepEqual(info.containers[0].configs, ["conf"]);
    await eventually("the line", async () => (await starts(pod)) === 1);
    const lines = (await pod.pod("logs", "--json", "web")).out.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assert.equal(lines[0].text, 'a "b" \\\\ c\td');
    assert.equal(lines[0].stream, "stdout");
    assert.equal(typeof lines[0].time, "number");
  });

  /** The lines of the container web, as they come. */
  const follow = (pod: PodFolder) =>
    new Deno.Command(`${pod.dir}/pod`, {
      args: ["logs", "--follow", "--details=none", "web"],
      env: { PATH: shell.path },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
    }).spawn();
  // A line may come in pieces.
  const linesOf = (follower: Deno.ChildProcess) =>
    follower.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());

  test("logs follow, from what is there on, line by line, once each", async () => {
    await using pod = await compile(
      yaml(
        "i=0; while [ $i -lt 200 ]; do echo $i; i=$((i + 1)); sleep 0.02; done; exec sleep 1000",
      ),
    );
    await pod.pod("run", "--wait=20");
    await eventually("some lines", async () => (await pod.log("web")).length > 10);
    await using follower = follow(pod);
    const seen: string[] = [];
    for await (const line of linesOf(follower)) {
      seen.push(line);
      if (line === "199") break;
    }
    assert.deepEqual(seen, Array.from({ length: 200 }, (_, n) => String(n)));
    follower.kill("SIGTERM");
    assert.equal((await follower.status).code, 0);
  });

  test("logs follow a pod that has not run yet", async () => {
    await using pod = await compile(yaml("echo first; exec sleep 1000"));
    await using follower = follow(pod);
    await pod.pod("run", "--wait=20");
    const lines = linesOf(follower).getReader();
    assert.equal((await lines.read()).value, "first");
    await lines.cancel();
    follower.kill("SIGTERM");
    await follower.status;
  });

  test("shell runs words as they are, in the pod's folder", async () => {
    await using pod = await compile(yaml("true"));
    assert.equal((await pod.pod("shell", "--", "printf", "%s|", "a b", "*", "")).out, "a b|*||");
    assert.equal((await pod.pod("shell", "-c", "web", "sh", "-c", "exit 7")).code, 7);
    assert.equal((await pod.pod("shell", "-c", "nobody", "true")).code, 1);
  });
}
