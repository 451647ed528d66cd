/** Probes, signals, ramdisks and chaos with containers, on real rootless podman. */
import assert from "node:assert/strict";
import $ from "dax";
import { parsePodStatus } from "../../podc/mod.ts";
import { killOne } from "../kill_one.ts";
import { eventually, PodFolder } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !podman, fn });

const SERVE = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done";

interface Container {
  readonly script: string;
  readonly more?: readonly string[];
}

function yaml(containers: Record<string, Container>, top = ""): string {
  const items = Object.entries(containers).map(([name, { script, more = [] }]) =>
    [
      `  - name: ${name}`,
      `    image: ${IMAGE}`,
      "    command: [sh, -c]",
      `    args: [${JSON.stringify(script)}]`,
      ...more.map((line) => `    ${line}`),
    ].join("\n")
  );
  return `api: 1.0.0\npodVersion: 1.0.0\n${top}\ncontainers:\n${items.join("\n")}\n`;
}

const status = async (pod: PodFolder) => parsePodStatus((await pod.read(".pod.status")) ?? "");
const starts = async (pod: PodFolder, name = "web") =>
  (await pod.log(name)).filter((line) => line === `${name} up`).length;
const ready = async (pod: PodFolder) => (await pod.pod("readiness")).code === 0;

test("later containers wait for a startup probe, and are told when it is done", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: `trap 'echo told' HUP; ${SERVE}`,
        more: ["signal: [{ sig: HUP }]", "startupProbe: { cmd: [test, -e, /tmp/well] }"],
      },
      init: {
        script: "echo up; sleep 1",
        more: ["startupProbe: { exit: true, signal: [{ container: web }] }"],
      },
      last: { script: SERVE },
    }),
  );
  await pod.pod("run");
  await eventually("web", async () => (await starts(pod)) === 1);
  assert.equal(await starts(pod, "init"), 0);
  assert.equal((await pod.pod("shell", "-c", "web", "touch", "/tmp/well")).code, 0);
  await eventually("ready", () => ready(pod));
  const lines = await pod.log("web", "init", "last");
  assert.deepEqual(lines.filter((line) => / up$/.test(line)), ["web up", "init up", "last up"]);
  await eventually("told", async () => (await pod.log("web")).includes("web told"));
});

test("probes run in the container, a hanging one leaves no process there", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: SERVE,
        more: [
          "restart: always",
          "readinessProbe: { cmd: [sh, -c, '[ ! -e /tmp/ill ] || exec sleep 1234'], timeout: 1, interval: 1 }",
        ],
      },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  const shell = (...words: string[]) => pod.pod("shell", "-c", "web", ...words);
  await shell("touch", "/tmp/ill");
  await eventually("unready", async () => !(await ready(pod)));
  // Between two probes nothing of the hanging ones may be there.
  await shell("sh", "-c", "echo 'exit 0' >/tmp/x; mv /tmp/ill /tmp/was-ill");
  await eventually("ready", () => ready(pod));
  const left = await shell("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
  assert.doesNotMatch(left.out, /sleep 1234 /);
});

test("liveness restarts a container by its policy", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: SERVE,
        more: [
          "restart: on-failure",
          "livenessProbe: { cmd: [test, '!', -e, /tmp/ill], interval: 1 }",
        ],
      },
    }),
  );
  await pod.pod("run", "--wait=30");
  await pod.pod("shell", "--", "touch", "/tmp/ill");
  await eventually("a second start", async () => (await starts(pod)) === 2);
  await eventually("ready", () => ready(pod));
  assert.equal((await status(pod)).containers[0]?.fields.get("lastExit"), "0");
});

test("a changed config reaches a running container", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: `trap 'cat /conf/a' HUP; ${SERVE}`,
        more: ["signal: [{ sig: HUP }]", "mounts: [{ volume: conf, dest: /conf }]"],
      },
    }, "volumes: [{ name: conf, type: config }]"),
    { configs: { "conf/a": "old\n" } },
  );
  await pod.pod("run", "--wait=30");
  await eventually("first sight", async () => (await pod.read(".pod.run/configs")) !== undefined);
  await Deno.writeTextFile(`${pod.dir}/config/conf/a`, "new\n");
  await eventually("told", async () => (await pod.log("web")).includes("web new"));
});

test("a ramdisk is a directory of the pod's own, and goes with it", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: `echo secret >/ram/key; ${SERVE}`,
        more: ["mounts: [{ volume: ram, dest: /ram }]"],
      },
    }, "volumes: [{ name: ram, type: ramdisk, size: 3M }]"),
  );
  assert.equal((await pod.pod("create-ramdisks", "-l")).out, "ram:3M\n");
  assert.equal((await pod.pod("create-ramdisks")).code, 1, "root's work");
  await pod.pod("run", "--wait=30");
  await eventually("written", async () => (await pod.read("ramdisk/ram/key")) === "secret\n");
  await pod.pod("rm", "-k");
  assert.equal(await pod.read("ramdisk/ram/key"), undefined);
});

test("pull: never does not ask, and limits reach the container", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: {
        script: "touch /x || echo read-only; touch /scratch/x && echo up; exec sleep 1000",
        more: [
          "pull: never",
          "readOnly: true",
          "tmpfs: [{ dest: /scratch }]",
          "user: '1000'",
          "capDrop: [ALL]",
        ],
      },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  await eventually("up", async () => (await starts(pod)) === 1);
  assert.ok((await pod.log("web")).includes("web read-only"));
  assert.equal(await inspect("web-web-1.0.0", "{{.Config.User}}"), "1000");
});

/** The process that `template` names of a container, once podman tells it: for a moment it may not. */
async function pidOf(container: string, template: string): Promise<number> {
  let pid = 0;
  await eventually(`${template} of ${container}`, async () => {
    pid = Number(await inspect(container, template));
    return pid > 1;
  });
  return pid;
}

test("chaos behind the pod's back: it converges, and nothing runs twice", async () => {
  await using pod = await PodFolder.compile(
    yaml({
      web: { script: SERVE, more: ["restart: always"] },
      side: { script: SERVE, more: ["restart: always"] },
    }),
  );
  assert.equal((await pod.pod("run", "--wait=30")).code, 0);
  const blows: [string, () => PromiseLike<unknown>][] = [
    ["kill -9 of a container's process", async () => {
      killOne(await pidOf("web-web-1.0.0", "{{.State.Pid}}"));
    }],
    ["kill -9 of conmon", async () => {
      killOne(await pidOf("web-web-1.0.0", "{{.State.ConmonPid}}"));
    }],
    ["podman pod stop", () => $`podman pod stop -t 1 web-1.0.0`.quiet()],
    ["podman pod rm", () => $`podman pod rm -f -t 0 web-1.0.0`.quiet()],
    ["podman rm of one", () => $`podman rm -f -t 0 side-web-1.0.0`.quiet()],
    ["kill -9 of the supervisor and all containers", async () => {
      killOne(await pod.supervisor());
      await $`podman kill --all`.noThrow().quiet();
    }],
    [
      "twenty actions at once",
      () =>
        Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            pod.pod(...[["run"], ["stop"], ["rerun"], ["run"]][n % 4]!)),
        ),
    ],
  ];
  for (const [name, blow] of blows) {
    await blow();
    assert.equal((await pod.pod("run")).code, 0, name);
    await eventually(`both run, once each, after ${name}`, async () => {
      const running =
        await $`podman ps --format {{.Names}} --filter label=simplenetes.container=web-1.0.0`
          .lines();
      return running.sort().join(" ") === "side-web-1.0.0 web-web-1.0.0" && await ready(pod);
    }, 90_000);
  }
});
