/** Limitations of the original's pods that need no podman to be shown gone. The numbers are those of its list. */
import assert from "node:assert/strict";
import { killOne } from "../kill_one.ts";
import { eventually, lives, PodFolder } from "./pod_folder.ts";

const program = (script: string, more = "") =>
  "api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\nexecutable:\n" +
  `  command: [sh, -c, ${JSON.stringify(script)}]\n${more}`;

Deno.test("L7, L38: info lists mounts one by one, in JSON too", async () => {
  await using pod = await PodFolder.compile(
    "api: 1.0.0\npodVersion: 1.0.0\nvolumes:\n  - { name: a, type: volume }\n" +
      "  - { name: b, type: ramdisk }\ncontainers:\n  - name: web\n    image: localhost/web:1\n" +
      "    mounts: [{ volume: a, dest: /a }, { volume: b, dest: /b }]\n",
  );
  assert.match((await pod.pod("info")).out, /^ {6}mounts: a-web-1\.0\.0:\/a \.\/ramdisk\/b:\/b$/m);
  const { containers } = JSON.parse((await pod.pod("info", "--json")).out);
  assert.deepEqual(containers[0].mounts, ["a-web-1.0.0:/a", "./ramdisk/b:/b"]);
});

Deno.test("L8, L36: rotated logs are shown in order, and only the newest are kept", async () => {
  await using pod = await PodFolder.compile(
    program("i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo line $i; done"),
  );
  const script = `${pod.dir}/pod`;
  const text = await Deno.readTextFile(script);
  // In blocks of 512 bytes; the real limit is 10 MiB.
  await Deno.writeTextFile(script, text.replace(/^log_max_blocks=\d+/m, "log_max_blocks=32"));
  assert.equal((await pod.pod("run")).code, 0);
  await eventually("the last line", async () => (await pod.log("web")).includes("web line 3000"));
  const files = [...Deno.readDirSync(`${pod.dir}/log`)].map(({ name }) => name)
    .filter((name) => name.startsWith("web-web-1.0.0-stdout.log")).sort();
  assert.deepEqual(files.slice(1), [1, 2, 3, 4, 5].map((n) => `web-web-1.0.0-stdout.log.${n}`));
  const numbers = (await pod.log("--stream=stdout", "web")).map((line) => Number(line.slice(9)));
  assert.ok(numbers[0]! > 1, "the oldest lines are gone");
  assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, n) => numbers[0]! + n));
});

Deno.test("L24: an unknown container name fails, says which there are, and restarts nothing", async () => {
  await using pod = await PodFolder.compile(program("echo up; exec sleep 1000"));
  assert.equal((await pod.pod("run", "--wait=20")).code, 0);
  for (const action of ["rerun", "signal"]) {
    const { code, err } = await pod.pod(action, "web", "nosuch");
    assert.equal(code, 1);
    assert.match(err, /web-1\.0\.0 has no container "nosuch"; it has: web/);
  }
  assert.equal(await pod.read(".pod.run/unit/web/cycle"), undefined);
});

Deno.test("L25: nothing but the pod's own folder is needed to start anew after a reboot", async () => {
  await using pod = await PodFolder.compile(
    program("echo on $POD_HOST_INTERFACE; exec sleep 1000"),
  );
  assert.equal((await pod.pod("run", "--host-interface=127.0.0.9", "--wait=20")).code, 0);
  const before = await pod.read(".pod.run/unit/web/process");
  for (const pid of [await pod.supervisor(), Number(before?.split(" ")[0])]) {
    killOne(pid);
    await eventually(`the end of ${pid}`, async () => !await lives(pid));
  }
  await Deno.writeTextFile(`${pod.dir}/.pod.run/boot`, "00000000-0000-0000-0000-000000000000\n");
  assert.equal((await pod.pod("run", "--wait=20")).code, 0);
  assert.notEqual(await pod.read(".pod.run/unit/web/process"), before);
  await eventually(
    "both starts on the interface that was once given",
    async () => (await pod.log("web")).filter((line) => line === "web on 127.0.0.9").length === 2,
  );
});

Deno.test("decision 9: failures back off, 1 s and then twice as long each time", async () => {
  await using pod = await PodFolder.compile(program("exit 3", "  restart: always\n"));
  assert.equal((await pod.pod("run")).code, 0);
  const delays = async () => (await pod.read(".pod.run/unit/web/retry"))?.trim().split(" ")[1];
  const seen = new Set<string>();
  await eventually("three delays", async () => {
    const delay = await delays();
    if (delay) seen.add(delay);
    return seen.has("4");
  });
  assert.deepEqual([...seen], ["1", "2", "4"]);
});
