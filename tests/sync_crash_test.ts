/** A sample of the crash matrix on real parts: a real sns that is killed, a real sshd, a real full disk. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { podYaml, TestProject } from "../cli/testing/project.ts";
import { hasSshd, Sshd } from "../cli/testing/sshd.ts";
import { until } from "../cli/testing/until.ts";
import { fillDisk } from "./fill_disk.ts";

const SNS = new URL("../cli/main.ts", import.meta.url).pathname;
const RELEASE = "pods/web/release/1.0.0";
/** Large enough for a delivery that can be met half way. */
const LARGE = 4_000_000;

const read = (path: string) => Deno.readTextFile(path).catch(() => "");

async function withWeb(config: string): Promise<TestProject> {
  const project = await TestProject.create([]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": config,
    "cluster-vars.env": "web_greeting=hi\n",
  });
  return project;
}

/** Attaches, compiles and commits the pod. */
async function deliverable(project: TestProject, host: string): Promise<void> {
  await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
}

async function change(project: TestProject, config: string): Promise<void> {
  await project.write({ "_config/web/conf/a": config });
  await project.ok("pod updateconfig web");
  await project.commit();
}

/** Syncs in a process of its own, and kills that at once when `moment` has come; false when it never was seen. */
async function killedAt(project: TestProject, moment: () => Promise<boolean>): Promise<boolean> {
  const sns = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SNS, "cluster", "sync"],
    cwd: project.root,
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = sns.status.finally(() => ended = true);
  while (!ended && !await moment()) await new Promise((resolve) => setTimeout(resolve, 1));
  if (!ended) sns.kill("SIGKILL");
  return (await status).signal === "SIGKILL";
}

Deno.test({
  name: "sns killed in the middle: each release is old or new, and the next sync completes",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    const texts = ["1", "2", "3"].map((text) => text.repeat(LARGE));
    await using project = await withWeb(texts[0]!);
    const address = `${sshd.address}:${sshd.port}`;
    const login = ["-u", sshd.user, "-k", sshd.key, "--yes"];
    await project.ok(["host", "register", "far", "-a", address, ...login]);
    await project.ok("host init far");
    await deliverable(project, "far");
    const home = join(sshd.home, "far");
    const names = () => [...Deno.readDirSync(home)].map(({ name }) => name);
    let chain = "";
    let killed = 0;
    const moments: readonly (() => Promise<boolean>)[] = [
      async () => /^token=./m.test(await read(join(home, ".sns-lock"))),
      () => Promise.resolve(names().some((name) => name.startsWith(".sns-staging."))),
      async () => (await read(join(home, "commit-chain.txt"))) !== chain,
    ];
    for (const [round, moment] of moments.entries()) {
      chain = await read(join(home, "commit-chain.txt"));
      if (await killedAt(project, moment)) killed++;
      await until("an end of what runs on the host", async () => await sshd.connections() === 0);
      // With a state or a checksum it is whole, old or new.
      if (await read(join(home, RELEASE, "pod.state")) !== "") {
        const text = await read(join(home, RELEASE, "config/conf/a"));
        ok(texts.includes(text), `round ${round}: a config of ${text.length} characters`);
        match(await read(join(home, RELEASE, "pod")), /^#!/);
      }
      await project.ok("host unlock far --yes");
      await project.ok("cluster sync");
      strictEqual(await read(join(home, RELEASE, "config/conf/a")), texts[round]);
      strictEqual(await read(join(home, RELEASE, "pod.state")), "running\n");
      strictEqual((await project.run("cluster plan")).code, 0, `round ${round}`);
      const left = names().filter((name) => name.startsWith(".sns-staging."));
      strictEqual(left.join(" "), "", `round ${round}`);
      if (round + 1 < moments.length) await change(project, texts[round + 1]!);
    }
    // A machine that is busy may miss a moment.
    ok(killed > 0, "no sync was killed");
  },
});

async function mount(...args: string[]): Promise<boolean> {
  return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
}

Deno.test({
  // Only root can mount a small disk.
  name: "a full disk on the host: it is told, the release stays what it was, room mends it",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using project = await withWeb("small");
    const home = project.home("h1");
    await Deno.mkdir(home);
    if (!await mount("-t", "tmpfs", "-o", "size=512k", "tmpfs", home)) {
      return console.log("skipped: this root may not mount");
    }
    try {
      await project.ok(["host", "register", "h1", "-a", "local", "-d", home]);
      await project.ok("host init h1");
      await deliverable(project, "h1");
      await project.ok("cluster sync");
      await change(project, "x".repeat(400_000));
      match(await project.fails("cluster sync"), /make room on host "h1"/);
      strictEqual(await read(join(home, RELEASE, "config/conf/a")), "small");
      await fillDisk(join(home, "rest"));
      match(await project.fails("cluster sync"), /h1: Cannot lock host "h1": cannot write/);
      strictEqual(await read(join(home, RELEASE, "config/conf/a")), "small");
      strictEqual(await read(join(home, RELEASE, "pod.state")), "running\n");
      await Deno.remove(join(home, "rest"));
      ok(await mount("-o", "remount,size=4m", home));
      await project.ok("cluster sync");
      strictEqual((await read(join(home, RELEASE, "config/conf/a"))).length, 400_000);
      strictEqual((await project.run("cluster plan")).code, 0);
    } finally {
      await new Deno.Command("umount", { args: [home] }).output();
    }
  },
});
