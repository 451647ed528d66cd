/** Host homes that the original system prepared are taken over, and what this daemon leaves it can take over. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { serve } from "./daemon.ts";
import { createLog } from "./log.ts";
import { FakePod, TestHome, text, until } from "./testing/home.ts";

/** Serves `home` while `body` works. */
async function serving(home: TestHome, body: (log: () => string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let log = "";
  const served = serve(home.path, {
    log: createLog(5, (line) => log += line),
    env: { PATH: Deno.env.get("PATH") ?? "" },
    stop: stop.signal,
    stopNow: new AbortController().signal,
  });
  try {
    await body(() => log);
  } finally {
    stop.abort();
    await served;
  }
}

/** A home as the original's sync and daemon leave it. */
async function originalHome(): Promise<TestHome> {
  const home = await TestHome.make();
  const write = (path: string, text: string) => Deno.writeTextFile(`${home.path}/${path}`, text);
  await write("cluster-id.txt", "my-cluster-123\n");
  await write("commit-chain.txt", "1a2b3c4 5d6e7f8\n");
  await write("hosts.conf", "127.0.0.2:32767\n127.0.0.3:32767\n127.0.0.4:32767\n");
  // With the original's trailing blank.
  await write("portmappings.conf", "61000:30000:4096:false \n");
  return home;
}

/** The status of the original's pods: empty values, no `updated` until the first refresh. */
const ORIGINAL_STATUS = `pod: web-1.0.0
podVersion: 1.0.0
hostPorts: 30000
created: 1700000000
started: 1700000001
updated: NOW
status: running
pid: 
readiness: 1
containers:
    - name: nginx
      container: nginx-web-1.0.0
      status: running
`;

Deno.test("a home of the original is taken over: state, action, routes, interface", async () => {
  await using home = await originalHome();
  const web = await home.pod("web", "stopped");
  // No line break at the end: "echo -n" and printf are the original's ways, too.
  await Deno.writeTextFile(web.paths.state, "running");
  await Deno.writeTextFile(web.paths.portMappings, "61000:30000:4096:false\n");
  const now = String(Math.floor(Date.now() / 1000));
  await Deno.writeTextFile(web.paths.status, ORIGINAL_STATUS.replace("NOW", now));
  // A release that the original retired, and what it leaves beside a pod.
  const retired = new FakePod(home.path, "old");
  await retired.make("running");
  await Deno.rename(retired.dir, retired.dir.replace("/1.0.0", "/.1.0.0.1700000000"));
  await Deno.writeTextFile(`${web.dir}/pod.ingress.conf`, "bind 80\n");
  await serving(home, async (log) => {
    await until("run", async () => {
      return (await web.calls())[0] === "run --host-interface=127.0.0.2";
    });
    await until("its end", () => log().includes("run done"));
    // The original's sns leaves requests without a line break, and with a blank at the end.
    await Deno.writeTextFile(web.paths.action, "rerun nginx ");
    await until("rerun", async () => (await web.calls()).includes("rerun nginx"));
    await until("routes", async () => {
      return await text(`${home.path}/portmappings.conf`) === "61000:30000:4096:false\n";
    });
    strictEqual(await text(web.paths.action), "");
  });
  ok(!(await web.calls()).includes("stop"));
});

Deno.test("a pod that wrote its status once, without `updated`, has its traffic and its peace", async () => {
  await using home = await originalHome();
  const proxy = await home.pod("app", "running");
  // A program that speaks the Pod API itself, as the original's executable pods do.
  await Deno.writeTextFile(proxy.paths.pod, '#!/bin/sh\necho "$*" >>"${0%/*}/calls"\n');
  await Deno.writeTextFile(proxy.paths.status, "pod: app-1.0.0\nstatus: running\nreadiness: 1\n");
  const anHourAgo = Date.now() / 1000 - 3600;
  await Deno.utime(proxy.paths.status, anHourAgo, anHourAgo);
  await Deno.writeTextFile(proxy.paths.portMappings, "61001:30001:4096:false \n");
  await serving(home, async (log) => {
    await until("the end of run", () => log().includes("run done"));
    const path = `${home.path}/portmappings.conf`;
    await until("its route", async () => await text(path) === "61001:30001:4096:false\n");
    ok(!log().includes("does not refresh"));
  });
});

Deno.test("what this daemon leaves is what the original reads", async () => {
  await using home = await originalHome();
  const names = ["b", "a"];
  for (const [n, name] of names.entries()) {
    const pod = await home.pod(name, "running");
    await Deno.writeTextFile(pod.paths.portMappings, `6100${n}:3000${n}:4096:false\n`);
  }
  const path = `${home.path}/portmappings.conf`;
  await serving(home, () =>
    until("both routes", async () => {
      return await text(path) === "61000:30000:4096:false\n61001:30001:4096:false\n";
    }));
  strictEqual((await Deno.stat(path)).mode! & 0o777, 0o644);
  deepStrictEqual(await text(`${home.path}/commit-chain.txt`), "1a2b3c4 5d6e7f8\n");
  // Whatever else lies in the home begins with a dot, which the original passes over.
  const known = ["cluster-id.txt", "commit-chain.txt", "hosts.conf", "pods", "portmappings.conf"];
  const entries = await Array.fromAsync(Deno.readDir(home.path), ({ name }) => name);
  deepStrictEqual(entries.filter((name) => !name.startsWith(".")).toSorted(), known);
  const release = await Array.fromAsync(Deno.readDir(home.pods[0]!.dir), ({ name }) => name);
  ok(!release.includes("pod.action") && release.includes("pod.state"));
});

Deno.test("without any mapping the routes are one empty line, as the original writes it", async () => {
  await using home = await originalHome();
  await home.pod("web", "stopped");
  await serving(home, async () => {
    await until("it", async () => await text(`${home.path}/portmappings.conf`) === "\n");
  });
});

Deno.test("states that the original ignores are ignored, its requests that it refuses are not obeyed", async () => {
  await using home = await originalHome();
  const odd = await home.pod("odd", "paused");
  const web = await home.pod("web", "running");
  await serving(home, async (log) => {
    await until("run", () => log().includes("run done"));
    for (const request of ["stop", "rerun $(reboot)", "rerun ../x", ""]) {
      await Deno.writeTextFile(web.paths.action, request);
      await until(`the end of "${request}"`, async () => {
        try {
          await Deno.lstat(web.paths.action);
          return false;
        } catch (error) {
          return error instanceof Deno.errors.NotFound;
        }
      });
    }
    match(log(), /pod\.action is ignored, as it cannot be understood/);
    deepStrictEqual(await web.calls(), ["run --host-interface=127.0.0.2"]);
    deepStrictEqual(await odd.calls(), []);
  });
});
