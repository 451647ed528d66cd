/** The pod script's runtime with a program for a unit; no podman needed. A file beside this one runs it for each shell. */
import assert from "node:assert/strict";
import { parsePodStatus } from "../../podc/mod.ts";
import { killOne } from "../kill_one.ts";
import { eventually, lives, PodFolder } from "./pod_folder.ts";
import { shells } from "./shells.ts";

const HOSTILE = "a'b\"c $HOME $(id) `id` \\n * ~ é –\n second line ";

/** A pod of one program: a shell script on one line. */
function yaml(script: string, more = ""): string {
  return [
    "api: 1.0.0",
    "podVersion: 1.2.3",
    "runtime: executable",
    "executable:",
    `  command: [sh, -c, ${JSON.stringify(script)}]`,
    `  env: [{ name: HOSTILE, value: ${JSON.stringify(HOSTILE)} }]`,
    more,
    "",
  ].join("\n");
}

const SERVE = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.2; done";

/** Defines the suite for one shell; nothing where the machine lacks it. */
export async function runtimeSuite(shellName: string): Promise<void> {
  const busyboxDir = Deno.makeTempDirSync({ prefix: "busybox-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(busyboxDir, { recursive: true }));
  const shell = (await shells(busyboxDir)).find(({ name }) => name === shellName);
  if (!shell) {
    Deno.test({ name: `${shellName} is not on this machine`, ignore: true, fn: () => {} });
    return;
  }
  const compile = (source: string) =>
    PodFolder.compile(source, {
      interpreter: shell.interpreter,
      env: { PATH: shell.path, HOME: "/nonexistent", SPACE_LOG_LEVEL: "2" },
    });
  const status = async (pod: PodFolder) => parsePodStatus((await pod.read(".pod.status")) ?? "");
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${shell.name}: ${name}`, fn);

  test("run, ps, readiness, stop, rm and what each leaves", async () => {
    await using pod = await compile(yaml(SERVE, "  restart: always"));
    assert.equal((await pod.pod("ps")).out, "pod: web-1.2.3\nstatus: non-existing\n");
    assert.equal((await pod.pod("readiness")).code, 1);

    const started = await pod.pod("run", "--host-interface=127.0.0.2", "--wait=20");
    assert.deepEqual([started.code, started.err], [0, ""]);
    assert.equal((await pod.pod("readiness")).code, 0);
    const running = await status(pod);
    assert.equal(running.status, "running");
    assert.equal(running.containers[0]?.status, "running");
    assert.equal(running.pid, await pod.supervisor());

    assert.equal((await pod.pod("run")).code, 0, "run again changes nothing");
    assert.equal((await status(pod)).containers[0]?.startCount, 1);

    assert.equal((await pod.pod("stop")).code, 0);
    const stopped = await status(pod);
    assert.deepEqual([stopped.status, stopped.readiness, stopped.pid], [
      "exited",
      false,
      undefined,
    ]);
    assert.equal(stopped.containers[0]?.exitCode, 0);
    assert.equal((await pod.pod("stop")).code, 0, "stop again changes nothing");

    assert.equal((await pod.pod("rm")).code, 0);
    assert.equal((await status(pod)).status, "removed");
    assert.equal((await pod.pod("rm")).code, 0, "rm again changes nothing");
    const purged = await pod.pod("purge", "--shared");
    assert.deepEqual([purged.code, purged.err], [0, ""], "there is nothing to purge");
    assert.ok((await pod.log()).includes("web bye"), "logs outlive the pod");
  });

  test("a value arrives byte for byte, and the host's shell never sees it", async () => {
    await using pod = await compile(yaml("printf '%s' \"$HOSTILE\" >got"));
    await pod.pod("run");
    await eventually("the program has written", async () => (await pod.read("got")) === HOSTILE);
  });

  test("kill -9 of the supervisor stops nothing, and run adopts the process", async () => {
    await using pod = await compile(yaml(SERVE, "  restart: always"));
    await pod.pod("run", "--wait=20");
    const process = await pod.read(".pod.run/unit/web/process");
    const first = await pod.supervisor();
    killOne(first);
    await eventually("ps knows", async () => (await pod.pod("ps")).out.includes("status: unknown"));
    assert.ok(await lives(Number(process?.split(" ")[0])));

    assert.equal((await pod.pod("run", "--wait=20")).code, 0);
    assert.equal(await pod.read(".pod.run/unit/web/process"), process);
    assert.notEqual(await pod.supervisor(), first);
    assert.equal((await status(pod)).containers[0]?.startCount, 1);
  });

  test("stop ends what a dead supervisor left running", async () => {
    await using pod = await compile(yaml(SERVE, "  restart: always"));
    await pod.pod("run", "--wait=20");
    const pid = Number((await pod.read(".pod.run/unit/web/process"))?.split(" ")[0]);
    killOne(await pod.supervisor());
    assert.equal((await pod.pod("stop")).code, 0);
    assert.equal(await lives(pid), false);
    assert.equal((await status(pod)).status, "exited");
  });

  test("stop goes on when the supervisor dies meanwhile", async () => {
    await using pod = await compile(
      yaml("trap 'sleep 2; exit 0' TERM; echo up; while :; do sleep 0.1; done"),
    );
    await pod.pod("run", "--wait=20");
    const pid = Number((await pod.read(".pod.run/unit/web/process"))?.split(" ")[0]);
    const supervisor = await pod.supervisor();
    const stopping = pod.pod("stop");
    await eventually("its end has begun", async () => {
      return (await pod.log("-p")).some((line) => /ending by stop/.test(line));
    });
    killOne(supervisor);
    assert.equal((await stopping).code, 0);
    assert.equal(await lives(pid), false);
    assert.equal((await status(pod)).status, "exited");
  });

  test("always restarts, on-failure only failures, never nothing; exit codes are kept", async () => {
    for (
      const [policy, code, restarts] of [
        ["always", 0, true],
        ["on-failure", 0, false],
        ["on-failure", 3, true],
        ["never", 3, false],
      ] as const
    ) {
      await using pod = await compile(yaml(`echo started; exit ${code}`, `  restart: ${policy}`));
      await pod.pod("run");
      const starts = async () => (await pod.log("web")).length;
      if (restarts) {
        await eventually(`${policy} after ${code}`, async () => (await starts()) >= 2);
      } else {
        await eventually("end", async () => (await status(pod)).containers[0]?.exitCode === code);
        assert.equal(await starts(), 1);
        assert.equal((await pod.pod("readiness")).code, code === 0 ? 0 : 1);
      }
    }
  });

  test("a program that cannot be started is retried with growing pauses, and says why", async () => {
    await using pod = await compile(
      yaml("true").replace(/command: .*/, "command: [./no-such-program]"),
    );
    await pod.pod("run");
    await eventually("its end", async () => (await status(pod)).containers[0]?.exitCode === 127);
    // Its log is written by another process.
    await eventually(
      "the reason",
      async () => /no-such-program/.test((await pod.log("web")).join()),
    );
  });

  test("stop ends the whole process group, and kill what ignores TERM", async () => {
    await using pod = await compile(
      yaml("trap '' TERM; sh -c 'trap \"\" TERM; sleep 1000' & echo $! >child; wait; sleep 1000"),
    );
    await pod.pod("run", "--wait=20");
    await eventually("the child", async () => (await pod.read("child")) !== undefined);
    assert.equal((await pod.pod("kill")).code, 0);
    const child = Number(await pod.read("child"));
    await eventually("the end of the child", async () => !(await lives(child)));
  });

  test("no line is lost: both streams, unterminated, at the end of the program", async () => {
    await using pod = await compile(
      yaml(
        "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done; printf unterminated; printf oops >&2",
      ),
    );
    await pod.pod("run");
    await eventually("the end", async () => (await status(pod)).containers[0]?.exitCode === 0);
    await eventually(
      "the last line",
      async () => (await pod.log("-s", "stdout", "web")).length === 3001,
    );
    const lines = await pod.log("--stream=stdout", "web");
    assert.equal(lines[0], "web line 0");
    assert.equal(lines[2999], "web line 2999");
    assert.equal(lines[3000], "web unterminated");
    assert.deepEqual(await pod.log("--stream=stderr", "web"), ["web oops"]);
    assert.deepEqual(await pod.log("--stream=stdout", "-l", "-2", "web"), lines.slice(-2));
    assert.deepEqual(await pod.log("--stream=stdout", "--limit", "2", "web"), lines.slice(0, 2));
    assert.deepEqual(await pod.log("-t", "1h", "--stream", "stderr", "web"), ["web oops"]);
  });

  test("twenty runs and stops at once leave one supervisor and one program, or none", async () => {
    await using pod = await compile(yaml("echo $$ >>pids; exec sleep 1000", "  restart: always"));
    const runs = await Promise.all(Array.from({ length: 20 }, () => pod.pod("run")));
    assert.deepEqual(runs.map(({ code, err }) => `${code} ${err}`), Array(20).fill("0 "));
    await eventually("running", async () => (await pod.pod("readiness")).code === 0);
    assert.equal((await pod.read("pids"))?.trim().split("\n").length, 1);

    const mixed = Array.from({ length: 10 }, (_, n) => pod.pod(n % 2 ? "run" : "stop"));
    assert.ok((await Promise.all(mixed)).every(({ code }) => code === 0));
    assert.equal((await pod.pod("run", "--wait=20")).code, 0);
    const pids = (await pod.read("pids"))!.trim().split("\n").map(Number);
    const alive = await Promise.all(pids.map(lives));
    assert.equal(alive.filter(Boolean).length, 1);
  });

  test("rerun of a container restarts just that, rerun of the pod keeps the interface", async () => {
    await using pod = await compile(
      yaml(`echo "on $POD_HOST_INTERFACE"; ${SERVE}`, "  restart: always"),
    );
    await pod.pod("run", "--host-interface", "127.0.0.2", "--wait=20");
    const supervisor = await pod.supervisor();
    assert.equal((await pod.pod("rerun", "web")).code, 0);
    await eventually(
      "the restart",
      async () => (await status(pod)).containers[0]?.startCount === 2,
    );
    assert.equal(await pod.supervisor(), supervisor);
    assert.equal((await pod.pod("rerun", "nobody")).code, 1);

    assert.equal((await pod.pod("rerun")).code, 0);
    await eventually("readiness", async () => (await pod.pod("readiness")).code === 0);
    await eventually(
      "three starts on the same interface",
      async () => (await pod.log("web")).filter((line) => line === "web on 127.0.0.2").length === 3,
    );
  });

  test("wrong words end with 1, a reason and no change", async () => {
    await using pod = await compile(yaml("true"));
    for (
      const [args, message] of [
        [["fly"], /Unknown action: fly/],
        [["run", "--fast"], /Unknown option: --fast/],
        [["run", "--host-interface="], /empty value/],
        [["run", "--host-interface=$(id)"], /takes an IP address/],
        [["logs", "-l", "many"], /takes a number/],
        [["logs", "-t", "yesterday"], /--timestamp takes/],
        [["logs", "nobody"], /no container "nobody"; it has: web/],
        [["start"], /not in state created/],
        [["rerun", "web"], /does not run/],
      ] as const
    ) {
      const { code, err, out } = await pod.pod(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(err, message);
      assert.equal(out, "");
    }
    assert.equal(await pod.read(".pod.status"), undefined);
  });

  test("help, version and info need nothing", async () => {
    await using pod = await compile(yaml("true"));
    assert.match((await pod.pod("help")).out, /^Usage: pod ACTION/);
    assert.equal(
      (await pod.pod("version")).out,
      "api 1.0.0\nruntime executable 1.0.0\npodVersion 1.2.3\n",
    );
    assert.match((await pod.pod("info")).out, /^pod: web-1.2.3\npodVersion: 1.2.3\n/);
  });
}
