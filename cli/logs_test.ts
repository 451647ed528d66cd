/** Logs of several hosts and pods, local and over SSH; what pods wrote is put into their files. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { dirname } from "node:path";
import { processesAt } from "./testing/processes.ts";
import { podYaml, type Ran, TestProject } from "./testing/project.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";
import { until } from "./testing/until.ts";

const now = () => Math.floor(Date.now() / 1000);
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** The pods web and api on the hosts, synced; a host with an sshd is behind it. */
async function withPods(hosts: Readonly<Record<string, Sshd | undefined>>): Promise<TestProject> {
  const names = Object.keys(hosts).filter((name) => hosts[name] === undefined);
  const project = await TestProject.create(names);
  for (const [name, sshd] of Object.entries(hosts)) {
    if (sshd !== undefined) await project.register(name, sshd);
    await project.write({ "cluster-vars.env": "web_greeting=x\napi_greeting=y\n" });
  }
  for (const pod of ["web", "api"]) {
    const yaml = podYaml().replace(/volumes:\n.*\n.*\n/, "");
    await project.write({ [`_pods/${pod}/pod.yaml`]: yaml });
    for (const name of Object.keys(hosts)) await project.ok(`host attach ${pod}@${name}`);
    await project.ok(`pod compile ${pod}`);
  }
  await project.commit();
  await project.ok("cluster sync");
  return project;
}

interface Written {
  readonly at: number;
  readonly text: string;
  readonly stream?: string;
}

/** Appends lines to the log of a pod in a host home. */
async function write(home: string, pod: string, lines: readonly Written[]): Promise<void> {
  const file = `${home}/pods/${pod}/release/1.0.0/log/${pod}-${pod}-1.0.0.log`;
  await Deno.mkdir(dirname(file), { recursive: true });
  const text = lines.map(({ at, text, stream = "stdout" }) => `${iso(at)} ${stream} F ${text}\n`);
  await Deno.writeTextFile(file, text.join(""), { append: true });
}

Deno.test("pod logs: pods and hosts by time, labelled, limited, as text and as JSON", async () => {
  await using project = await withPods({ h1: undefined, h2: undefined });
  const t = now() - 1000;
  await write(project.home("h1"), "web", [
    { at: t, text: "a" },
    { at: t + 2.5, text: "c", stream: "stderr" },
  ]);
  await write(project.home("h2"), "web", [{ at: t + 1, text: "b" }, { at: t + 3, text: " d\t\\" }]);
  await write(project.home("h1"), "api", [{ at: t + 2, text: "between" }]);
  const lines = async (args: string) =>
    (await project.ok(`pod logs ${args}`.trim())).split("\n").slice(0, -1);
  deepStrictEqual(await lines("web"), [
    `h1  ${t} web a`,
    `h2  ${t + 1} web b`,
    `h1  ${t + 2} web c`,
    `h2  ${t + 3} web  d\t\\`,
  ]);
  const all = [
    `web@h1  ${t} web a`,
    `web@h2  ${t + 1} web b`,
    `api@h1  ${t + 2} api between`,
    `web@h1  ${t + 2} web c`,
    `web@h2  ${t + 3} web  d\t\\`,
  ];
  deepStrictEqual(await lines(""), all);
  deepStrictEqual(await lines("web,api"), all);
  deepStrictEqual(await lines("@h1"), [0, 2, 3].map((n) => all[n]));
  deepStrictEqual(await lines("--tail=2"), all.slice(-2));
  deepStrictEqual(await lines("-l 2"), all.slice(0, 2));
  deepStrictEqual(await lines(`--since=${t + 2}`), all.slice(2));
  deepStrictEqual(await lines("--since=1h web -s stderr -d stream"), ["h1  stderr c"]);
  const json = (await lines("@h1 --json")).map((line) => JSON.parse(line));
  deepStrictEqual(json[2], {
    time: t + 2.5,
    host: "h1",
    pod: "web",
    version: "1.0.0",
    name: "web",
    stream: "stderr",
    text: "c",
  });
  strictEqual((await project.run("pod logs --since=yesterday")).code, 2);
  match(await project.fails("pod logs --tail=1 -l 1"), /mean the same/);
  await Deno.remove(project.home("h2", "pods/web"), { recursive: true });
  const { code, stdout, stderr } = await project.run("pod logs web");
  strictEqual(code, 1);
  strictEqual(stdout.split("\n").length, 3, "the others are shown");
  match(stderr, /^\[ERROR\] web:1\.0\.0@h2: there is no .*was it synced/m);
});

/** `sns` with a command that goes on, in this process. */
class Going implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly #controller = new AbortController();
  readonly #ran: Promise<Ran>;

  constructor(project: TestProject, args: string) {
    const say = (level: string) => (text: string) => void (this.stderr += `${level} ${text}\n`);
    const [error, warn, info] = [say("ERROR"), say("WARN"), say("INFO")];
    project.overrides = {
      signal: this.#controller.signal,
      stdout: (text) => void (this.stdout += text),
      log: { error, warn, info, ok: info, debug: () => {} },
    };
    this.#ran = project.run(args);
  }

  /** Waits for lines, without their labels and times, in any order of those of different hosts. */
  async shows(...texts: string[]): Promise<void> {
    const missing = () => texts.filter((text) => !this.stdout.includes(` ${text}\n`));
    try {
      await until(`it shows ${texts.join(", ")}`, () => missing().length === 0);
    } catch (error) {
      throw new Error(`It shows\n${this.stdout}\n${this.stderr}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#ran;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

Deno.test({
  name: "pod logs --follow: local and SSH, a host that goes away comes back, nothing is left",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await withPods({ far: sshd, near: undefined });
    const far = `${sshd.home}/far`;
    const near = project.home("near");
    const t = now() - 100;
    await write(far, "web", [{ at: t, text: "old-1" }, { at: t + 2, text: "old-3" }]);
    await write(near, "web", [{ at: t + 1, text: "old-2" }]);
    await write(near, "api", [{ at: t - 50, text: "too old" }]);
    {
      await using going = new Going(project, "pod logs --follow --since=-120 -d none");
      await going.shows("old-1", "old-2", "old-3");
      ok(going.stdout.indexOf("old-1") < going.stdout.indexOf("old-2"), going.stdout);
      ok(going.stdout.indexOf("old-2") < going.stdout.indexOf("old-3"), going.stdout);
      await write(far, "web", [{ at: Date.now() / 1000, text: "new-far" }]);
      await write(near, "api", [{ at: Date.now() / 1000, text: "new-near" }]);
      await going.shows("new-far", "new-near");
      await sshd.cut();
      await until("the loss is told", () => /WARN .*far.*lost/.test(going.stderr));
      await write(far, "web", [{ at: Date.now() / 1000, text: "while-away" }]);
      await going.shows("while-away");
      await write(far, "api", [{ at: Date.now() / 1000, text: "after" }]);
      await going.shows("after");
      match(going.stderr, /INFO far: it is back/);
      ok(!going.stdout.includes("too old"));
      for (const text of ["old-1", "new-far", "while-away", "after"]) {
        strictEqual(going.stdout.split(` ${text}\n`).length, 2, `${text} once in\n${going.stdout}`);
      }
      await going.stop();
    }
    for (const home of [far, near]) {
      await until(`nothing is left at ${home}`, async () => (await processesAt(home)).length === 0);
    }
  },
});

Deno.test({
  name: "pod logs --follow: when sns is killed, nothing goes on on the hosts",
  ignore: !hasSshd,
  fn: async () => {
    await using sshd = await Sshd.start();
    await using project = await withPods({ far: sshd, near: undefined });
    const homes = [`${sshd.home}/far`, project.home("near")];
    for (const home of homes) await write(home, "web", [{ at: now() - 10, text: "old" }]);
    const main = new URL("main.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, "pod", "logs", "web", "-f"],
      cwd: project.root,
      env: { USER: "tester", SSH_AUTH_SOCK: "" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let shown = "";
    const reading = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
    })();
    await until("both are followed", async () => {
      const running = await Promise.all(homes.map(processesAt));
      return shown.split("old").length === 3 && running.every((list) => list.length > 0);
    });
    child.kill("SIGKILL");
    await Promise.all([child.status, reading, child.stderr.cancel()]);
    for (const home of homes) {
      await until(`nothing is left at ${home}`, async () => (await processesAt(home)).length === 0);
    }
  },
});

Deno.test("host logs: the journals of hosts by time, limited, followed, as text and as JSON", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  // What stands for the journal, as none runs here: its lines are those of this file.
  const journal = `${project.base}/journal`;
  const t = now() - 1000;
  await Deno.writeTextFile(
    journal,
    `${t}.000001 box simplenetesd[7]: one\n${t + 1}.5 box simplenetesd[7]: two\n  and more\n`,
  );
  await project.write({
    "../bin/journalctl": `#!/bin/sh
case " $* " in
*" -n 1 "*) exec tail -n 2 "${journal}" ;;
*" -f "*) exec tail -n +4 -f "${journal}" ;;
*) exec cat "${journal}" ;;
esac
`,
  });
  await Deno.chmod(`${project.base}/bin/journalctl`, 0o755);
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", `${project.base}/bin:${path}`);
  try {
    const at = (seconds: number) => iso(seconds).replace(/\.\d+Z/, "Z");
    const text = `h1  ${at(t)} simplenetesd[7]: one\nh2  ${at(t)} simplenetesd[7]: one\n` +
      `h1  ${at(t + 1)} simplenetesd[7]: two\nh1  ${at(t + 1)}   and more\n` +
      `h2  ${at(t + 1)} simplenetesd[7]: two\nh2  ${at(t + 1)}   and more\n`;
    strictEqual(await project.ok("host logs"), text);
    strictEqual(await project.ok("host logs h2 h2 --tail=1"), text.split("\n")[5] + "\n");
    const [first] = (await project.ok("host logs h1 --json")).split("\n");
    deepStrictEqual(JSON.parse(first!), {
      time: t + 0.000001,
      host: "h1",
      text: "simplenetesd[7]: one",
    });
    await using going = new Going(project, "host logs h1 --follow");
    await going.shows("simplenetesd[7]: two");
    await Deno.writeTextFile(journal, `${now()}.0 box new\n`, { append: true });
    await going.shows("new");
    await going.stop();
    await until("nothing is left", async () => (await processesAt(project.base)).length === 0);
  } finally {
    Deno.env.set("PATH", path);
  }
});
