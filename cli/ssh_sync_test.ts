/** Commands on hosts behind a real sshd. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { HostProgram } from "../daemon/mod.ts";
import { Hosts } from "./connect.ts";
import type { Deps } from "./deps.ts";
import { REMOTE_PROGRAMS } from "./remote/programs.ts";
import { exists } from "./testing/exists.ts";
import { podYaml, TestProject } from "./testing/project.ts";
import { until } from "./testing/until.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";

const ssh = (name: string, test: () => Promise<void>) =>
  Deno.test({ name, ignore: !hasSshd, fn: test });

/** A committed project with a pod on each of `hosts`. */
async function withWeb(hosts: Readonly<Record<string, Sshd>>): Promise<TestProject> {
  const project = await TestProject.create([]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a name\nwith newline": "x",
    "cluster-vars.env": "web_greeting=it's $5 & more\\n\n",
  });
  for (const [name, sshd] of Object.entries(hosts)) {
    await project.register(name, sshd);
    await project.ok(`host attach web@${name}`);
  }
  await project.ok("pod compile web");
  await project.commit();
  return project;
}

const release = (sshd: Sshd, host: string, ...path: string[]) =>
  join(sshd.home, host, "pods/web/release/1.0.0", ...path);

ssh("a host over SSH from register to state", async () => {
  await using sshd = await Sshd.start();
  await using project = await withWeb({ far: sshd });
  strictEqual((await project.run("cluster plan")).code, 2);
  await project.ok("cluster sync");
  strictEqual(await Deno.readTextFile(release(sshd, "far", "pod.state")), "running\n");
  const config = release(sshd, "far", "config/conf/a name\nwith newline");
  strictEqual(await Deno.readTextFile(config), "x");
  match((await project.run("cluster sync")).stderr, /Nothing to do/);
  strictEqual((await project.run("cluster plan")).code, 0);
  await project.ok("pod state web -s stopped");
  await project.commit();
  await project.ok("cluster sync");
  strictEqual(await Deno.readTextFile(release(sshd, "far", "pod.state")), "stopped\n");
  const odd = ["a b", "it's", '"', "$HOME `id` *", "new\nline", ""];
  await Deno.writeTextFile(
    release(sshd, "far", "pod"),
    `#!/bin/sh\nfor a; do printf '1 <%s>\\n' "$a"; done\n`,
  );
  const out = await project.ok(["pod", "logs", "web@far", ...odd]);
  // A line without a time of its own has that of the one before.
  const lines = odd.map((word) => `1 <${word.replace("\n", "\n1 ")}>\n`);
  ok(out.replaceAll("far  ", "").endsWith(lines.join("")), out);
});

ssh("one connection per host and command", async () => {
  await using sshd = await Sshd.start();
  await using project = await withWeb({ far: sshd });
  const logins = async () => (await sshd.log()).match(/Accepted publickey/g)!.length;
  for (const command of ["cluster sync", "cluster plan", "pod rerun web"]) {
    const before = await logins();
    await project.ok(command);
    strictEqual(await logins() - before, 1, command);
  }
});

ssh("the key of a host is recorded when it is registered, if somebody accepts it", async () => {
  await using sshd = await Sshd.start();
  await using project = await TestProject.create([]);
  const words = (name: string, ...more: string[]) => [
    ...["host", "register", name, "-a", `${sshd.address}:${sshd.port}`, "-u", sshd.user],
    ...["-k", sshd.key, "-d", name, ...more],
  ];
  const { stderr } = await project.run(words("a"));
  match(stderr, /sns host trust a/);
  match(await project.fails("host init a"), /not known yet: ssh-ed25519 SHA256/);
  match(await project.fails("host trust a"), /nobody accepted its key/);
  const questions: string[] = [];
  project.ask = (question) => {
    questions.push(question);
    return Promise.resolve(questions.length === 1 ? "y" : "yes");
  };
  match(await project.fails("host trust a"), /nobody accepted/, "only yes is yes");
  project.overrides = { terminal: true };
  const { code, stderr: shown } = await project.run(words("b"));
  strictEqual(code, 0, shown);
  strictEqual(questions.length, 2);
  const print = /shows the key ssh-ed25519 (SHA256:\S+)/.exec(shown)![1]!;
  match(await Deno.readTextFile(project.path("known_hosts")), /^\[127\.0\.0\.1\]:\d+ ssh-ed25519/);
  // Both have the same address, so the key of one is that of the other.
  match((await project.run("host trust a")).stderr, /Nothing to do: .*SHA256:/);
  const json = JSON.parse(await project.ok("host trust a --json"));
  deepStrictEqual([json[0].fingerprint, json[0].was], [print, "known"]);
  await project.ok("host init a");
});

ssh("a changed key is replaced only when its fingerprint was looked at", async () => {
  await using sshd = await Sshd.start();
  await using project = await withWeb({ far: sshd });
  await sshd.changeHostKey();
  match(await project.fails("cluster sync --skip-unreachable"), /far: .*has changed/);
  const refused = await project.fails("host trust far --yes");
  match(refused, /CHANGED/);
  const print = /--fingerprint (SHA256:\S+)/.exec(refused)![1]!;
  match(await project.fails("host trust far --fingerprint SHA256:short"), /no fingerprint/);
  const other = `SHA256:${"A".repeat(43)}`;
  match(
    await project.fails(["host", "trust", "far", "--fingerprint", other]),
    /its key is .*, not/,
  );
  await project.ok(["host", "trust", "far", "--fingerprint", print]);
  await project.commit();
  await project.ok("cluster sync");
});

ssh("a host that is down fails the sync, or is skipped", async () => {
  await using up = await Sshd.start();
  await using down = await Sshd.start();
  await using project = await withWeb({ up, down });
  await down.down();
  match(await project.fails("cluster sync"), /down: .*no connection to 127\.0\.0\.1:\d+/);
  ok(!await exists(release(up, "up")));
  await project.fails("cluster sync --skip-unreachable");
  ok(await exists(release(up, "up")));
  await down.up();
  await project.ok("cluster sync");
  ok(await exists(release(down, "down")));
});

/** Hosts that let `stall` happen while the first half of a delivery is under way. */
function stalled(hosts: Hosts, stall: () => void | Promise<void>): Pick<Deps, "connect"> {
  return {
    connect: (dir) => {
      const real = hosts.connect(dir);
      const run = async (program: HostProgram) => {
        if (program.script !== REMOTE_PROGRAMS.apply) return await real.run(program);
        const whole = new Uint8Array(
          await new Response(program.stdin as ReadableStream<Uint8Array<ArrayBuffer>>)
            .arrayBuffer(),
        );
        const stdin = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(whole.subarray(0, whole.length / 2)),
          // Asked for more, it has sent the first half.
          pull: async () => await stall(),
        }, { highWaterMark: 1 });
        return await real.run({ ...program, stdin });
      };
      return { name: real.name, run };
    },
  };
}

const hostsOf = (project: TestProject) =>
  new Hosts({ agent: undefined, ask: project.ask, warn: () => {} });

ssh(
  "cut in the middle of a delivery: nothing is there yet, and the next sync completes",
  async () => {
    await using sshd = await Sshd.start();
    await using project = await withWeb({ far: sshd });
    await using hosts = hostsOf(project);
    project.overrides = stalled(hosts, () => sshd.cut());
    match(
      await project.fails("cluster sync"),
      /far: .*the connection was lost while the program ran/,
    );
    ok(!await exists(release(sshd, "far", "pod.state")));
    project.overrides = {};
    await project.ok("cluster sync");
    strictEqual(await Deno.readTextFile(release(sshd, "far", "pod.state")), "running\n");
    strictEqual((await project.run("cluster plan")).code, 0);
    const left = [...Deno.readDirSync(join(sshd.home, "far"))].map(({ name }) => name);
    ok(!left.some((name) => name.startsWith(".sns-staging")), left.join(" "));
  },
);

ssh("interrupted in the middle of a delivery: the host is unlocked and clean", async () => {
  await using sshd = await Sshd.start();
  await using project = await withWeb({ far: sshd });
  await using hosts = hostsOf(project);
  const controller = new AbortController();
  project.overrides = {
    ...stalled(hosts, () => controller.abort(new Error("interrupted"))),
    signal: controller.signal,
  };
  const { code, stderr } = await project.run("cluster sync");
  strictEqual(code, 1, stderr);
  // What was interrupted there may still be clearing up.
  await until("the host is clean", () => {
    const left = [...Deno.readDirSync(join(sshd.home, "far"))].map(({ name }) => name).sort();
    return left.join(" ") === ".sns-lock .sns-mutex cluster-id.txt pods";
  });
  project.overrides = {};
  await project.ok("cluster sync");
});

ssh("hosts behind two jump hosts are trusted, initialised and synced", async () => {
  await using outer = await Sshd.start({ address: "127.0.0.11" });
  await using inner = await Sshd.start({ address: "127.0.0.12" });
  await using target = await Sshd.start({ address: "127.0.0.13" });
  await using project = await TestProject.create([]);
  for (const [name, sshd, jump] of [["outer", outer], ["inner", inner, "outer"]] as const) {
    await project.ok([
      ...["host", "register", name, "-a", `${sshd.address}:${sshd.port}`, "-u", sshd.user],
      ...["-k", sshd.key, ...(jump === undefined ? [] : ["-j", jump])],
    ]);
    await project.ok(`host state ${name} -s disabled`);
  }
  await project.register("far", target, "-j", "../inner");
  strictEqual((await Deno.readTextFile(project.path("known_hosts"))).split("\n").length, 4);
  await project.commit();
  await project.ok("cluster sync");
  ok(await exists(join(target.home, "far/commit-chain.txt")));
});

/** A folder in which `sh`, and for busybox every tool, is that shell's. */
async function toolsOf(dir: string, shell: string): Promise<string> {
  const bin = join(dir, "bin");
  await Deno.mkdir(bin);
  const make = shell === "busybox"
    ? `busybox --install -s "$0"`
    : `ln -s "$(command -v "$1")" "$0/sh"`;
  const { success } = await new Deno.Command("sh", { args: ["-c", make, bin, shell] }).output();
  ok(success, shell);
  return bin;
}

for (const shell of ["dash", "bash", "busybox"]) {
  ssh(`a host whose sh and tools are those of ${shell}: sync, change, look, prune`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "sns-tools-" });
    try {
      const bin = await toolsOf(dir, shell);
      await using sshd = await Sshd.start({
        config: [`ForceCommand PATH=${bin}:$PATH; export PATH; exec sh -c "$SSH_ORIGINAL_COMMAND"`],
      });
      await using project = await withWeb({ far: sshd });
      await project.ok("cluster sync");
      const config = release(sshd, "far", "config/conf");
      strictEqual(await Deno.readTextFile(join(config, "a name\nwith newline")), "x");
      const { ino } = await Deno.stat(config);
      await project.write({
        "_config/web/conf/a name\nwith newline": "y",
        "_config/web/conf/new": "",
      });
      await project.ok("pod updateconfig web");
      await project.ok("pod state web -s stopped");
      await project.commit();
      strictEqual((await project.run("cluster plan")).code, 2);
      await project.ok("cluster sync");
      deepStrictEqual(
        [
          await Deno.readTextFile(join(config, "a name\nwith newline")),
          (await Deno.stat(config)).ino,
        ],
        ["y", ino],
      );
      strictEqual(await project.ok("cluster plan"), "far: nothing to do\n");
      await project.ok("cluster diff");
      const log = release(sshd, "far", "log/web-web-1.0.0.log");
      await Deno.mkdir(join(log, ".."), { recursive: true });
      await Deno.writeTextFile(log, "2026-01-01T00:00:00.5Z stdout F a line\n");
      strictEqual(await project.ok("pod logs web"), "far  1767225600 web a line\n");
      await project.ok("pod state web -s removed");
      await project.commit();
      await project.ok("cluster sync");
      await project.ok("host prune --yes");
      ok(!await exists(join(sshd.home, "far/pods/web")));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
