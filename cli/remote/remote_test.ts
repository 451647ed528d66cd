import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Home, lockedMode, pack, SHELLS } from "../testing/host_home.ts";
import { until } from "../testing/until.ts";
import { parseObservation } from "../sync/observe.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "./programs.ts";

const R = "pods/web/release";

/** What the next sync delivers: a new release, an updated one, and everything around them. */
const NEXT = {
  files: {
    [`${R}/2.0.0/pod`]: "new pod",
    [`${R}/2.0.0/config/conf/a`]: "2",
    [`${R}/2.0.0/config/conf/locked/x`]: "x",
    [`${R}/2.0.0/config/conf.txt`]: "sum2\n",
    [`${R}/2.0.0/config/.conf.shape`]: "shape2\n",
    [`${R}/1.0.0/config/conf/a`]: "new a",
    [`${R}/1.0.0/config/conf/sub/b`]: "new b",
    [`${R}/1.0.0/config/conf/locked/x`]: "new x",
    [`${R}/1.0.0/config/conf/sub/locked/y`]: "y",
    [`${R}/1.0.0/config/conf/file or dir`]: "now a file",
    [`${R}/1.0.0/config/conf.txt`]: "new sum\n",
    [`${R}/1.0.0/config/.conf.shape`]: "new shape\n",
    [`${R}/1.0.0/config/fresh/x`]: "x",
    [`${R}/1.0.0/config/fresh.txt`]: "fresh sum\n",
    [`${R}/1.0.0/config/.fresh.shape`]: "fresh shape\n",
    [`${R}/1.0.0/pod.ingress.conf`]: "ingress",
    "hosts.conf": "127.0.0.1:32767\n",
    "commit-chain.txt": "c1 c2\n",
  },
  manifest: [
    "release web 2.0.0",
    "config web 1.0.0 conf",
    "config web 1.0.0 fresh",
    "unconfig web 1.0.0 gone",
    "file web 1.0.0 pod.ingress.conf",
    "unfile web 1.0.0 pod.portmappings.conf",
    "hosts",
    "state web 1.0.0 stopped",
    "state web 2.0.0 running",
    "chain",
  ],
};

/** A home as an earlier sync left it. */
function before(shell: readonly string[]): Home {
  const home = new Home(shell);
  home.write(`${R}/1.0.0/pod`, "old pod");
  home.write(`${R}/1.0.0/pod.portmappings.conf`, "61000:30000:1:true\n");
  home.write(`${R}/1.0.0/pod.state`, "running\n");
  home.write(`${R}/1.0.0/config/conf/a`, "old a");
  home.write(`${R}/1.0.0/config/conf/sub/b`, "old b");
  home.write(`${R}/1.0.0/config/conf/sub/.old c`, "c");
  home.write(`${R}/1.0.0/config/conf/file or dir/x`, "x");
  home.write(`${R}/1.0.0/config/conf/locked/x`, "old x");
  Deno.chmodSync(join(home.dir, R, "1.0.0/config/conf/locked"), 0o555);
  home.write(`${R}/1.0.0/config/conf.txt`, "old sum\n");
  home.write(`${R}/1.0.0/config/gone/x`, "x");
  home.write(`${R}/1.0.0/config/gone.txt`, "gone sum\n");
  home.write("commit-chain.txt", "c1\n");
  return home;
}

function checkAfter(home: Home): void {
  strictEqual(home.read(`${R}/2.0.0/pod`), "new pod");
  strictEqual(home.read(`${R}/2.0.0/pod.state`), "running\n");
  strictEqual(home.read(`${R}/1.0.0/pod.state`), "stopped\n");
  strictEqual(home.read(`${R}/1.0.0/config/conf/a`), "new a");
  strictEqual(home.read(`${R}/1.0.0/config/conf/sub/b`), "new b");
  strictEqual(home.read(`${R}/1.0.0/config/conf/sub/.old c`), undefined);
  strictEqual(home.read(`${R}/1.0.0/config/conf/file or dir`), "now a file");
  strictEqual(home.read(`${R}/1.0.0/config/conf/locked/x`), "new x");
  for (const dir of ["locked", "sub/locked"]) {
    const { mode } = Deno.statSync(join(home.dir, R, "1.0.0/config/conf", dir));
    strictEqual((mode! & 0o777).toString(8), lockedMode(home.shell), dir);
  }
  strictEqual(home.read(`${R}/1.0.0/config/conf.txt`), "new sum\n");
  strictEqual(home.read(`${R}/1.0.0/config/fresh/x`), "x");
  strictEqual(home.read(`${R}/1.0.0/config/gone/x`), undefined);
  strictEqual(home.read(`${R}/1.0.0/config/gone.txt`), undefined);
  strictEqual(home.read(`${R}/1.0.0/pod.ingress.conf`), "ingress");
  strictEqual(home.read(`${R}/1.0.0/pod.portmappings.conf`), undefined);
  strictEqual(home.read("hosts.conf"), "127.0.0.1:32767\n");
  strictEqual(home.read("commit-chain.txt"), "c1 c2\n");
  deepStrictEqual([...Deno.readDirSync(home.dir)].filter((e) => e.name.includes("staging")), []);
}

for (const shell of SHELLS) {
  const name = shell.join(" ");

  Deno.test(`${name}: apply brings everything into place`, async () => {
    await using home = before(shell);
    const live = join(home.dir, R, "1.0.0/config/conf");
    const { ino } = Deno.statSync(live);
    const { tar, sum } = await pack(NEXT.files, NEXT.manifest, shell);
    const { code, stderr } = await home.run("apply", ["5", await home.lock(), sum], tar);
    strictEqual(code, 0, stderr);
    strictEqual(stderr, "");
    checkAfter(home);
    strictEqual(Deno.statSync(live).ino, ino);
  });

  Deno.test(`${name}: killed at any step, a release is old or new, and the next sync completes`, async () => {
    const { tar, sum } = await pack(NEXT.files, NEXT.manifest, shell);
    let step = 0;
    for (let ended = false; !ended;) {
      await using home = before(shell);
      const { code } = await home.run("apply", ["5", await home.lock(), sum, String(++step)], tar);
      ended = code === 0;
      const seen = await home.observe();
      checkBetween(home, seen, step);
      await home.run("unlock", ["5", "1"]);
      const live = seen.releases.some(({ version }) => version === "2.0.0");
      const rest = live ? await pack(NEXT.files, NEXT.manifest.slice(1), shell) : { tar, sum };
      const fence = await home.lock("6");
      const again = await home.run("apply", ["6", fence, rest.sum], rest.tar);
      strictEqual(again.code, 0, `after step ${step}: ${again.stderr}`);
      checkAfter(home);
    }
    ok(step > 12, `only ${step} steps`);
  });

  Deno.test(`${name}: releases that were delivered without their states are delivered again`, async () => {
    await using home = before(shell);
    const pods = ["a", "b", "c", "d"];
    const files = Object.fromEntries(pods.map((pod) => [`pods/${pod}/release/1.0.0/pod`, pod]));
    const manifest = pods.map((pod) => `release ${pod} 1.0.0`);
    const states = pods.map((pod) => `state ${pod} 1.0.0 running`);
    const half = await pack(files, manifest, shell);
    strictEqual((await home.run("apply", ["5", await home.lock(), half.sum], half.tar)).code, 0);
    const all = await pack(files, [...manifest, ...states], shell);
    const { code, stderr } = await home.run("apply", ["5", "1", all.sum], all.tar);
    strictEqual(code, 0, stderr);
    for (const pod of pods) strictEqual(home.read(`pods/${pod}/release/1.0.0/pod`), pod);
    const again = await home.run("apply", ["5", "1", all.sum], all.tar);
    strictEqual(again.code, REMOTE_EXIT.failed, "a live release is not replaced");
    match(again.stderr, /is there already/);
    strictEqual(home.read("pods/a/release/1.0.0/pod.state"), "running\n");
  });

  Deno.test(`${name}: apply refuses a stale or expired lock, and damaged data`, async () => {
    await using home = before(shell);
    const { tar, sum } = await pack(NEXT.files, NEXT.manifest, shell);
    const old = await home.lock("5", "0");
    const expired = await home.run("apply", ["5", old, sum], tar);
    strictEqual(expired.code, REMOTE_EXIT.lockLost, expired.stderr);
    match(expired.stderr, /has expired/);
    // The same token by chance: the fence tells them apart.
    const fence = await home.lock("5");
    const stale = await home.run("apply", ["5", old, sum], tar);
    strictEqual(stale.code, REMOTE_EXIT.lockLost);
    match(stale.stderr, /locked by me on here meanwhile/);
    // Who took the lock over has removed what came so far, so it is not the data that is wrong.
    const late = await home.run("apply", ["5", old, "0".repeat(64)], tar);
    strictEqual(late.code, REMOTE_EXIT.lockLost, late.stderr);
    strictEqual((await home.run("heartbeat", ["5", old, "60"])).code, REMOTE_EXIT.lockLost);
    strictEqual((await home.run("unlock", ["5", old])).code, REMOTE_EXIT.lockLost);
    const damaged = await home.run("apply", ["5", fence, "0".repeat(64)], tar);
    strictEqual(damaged.code, REMOTE_EXIT.failed);
    match(damaged.stderr, /arrived damaged/);
    strictEqual(home.read(`${R}/1.0.0/config/conf/a`), "old a");
    strictEqual((await home.run("apply", ["5", fence, sum], tar)).code, 0);
  });

  Deno.test(`${name}: one of many gets the lock, the others learn who has it`, async () => {
    await using home = new Home(shell);
    const tokens = ["1", "2", "3", "4", "5", "6"];
    const results = await Promise.all(
      tokens.map((token) => home.run("lock", [token, `user${token}`, "a machine", "60"])),
    );
    const winners = results.filter(({ code }) => code === 0);
    strictEqual(winners.length, 1);
    const token = tokens[results.indexOf(winners[0]!)]!;
    strictEqual(home.read("lock-token.txt"), `${token}\n`);
    for (const { code, stdout } of results.filter((each) => each !== winners[0])) {
      strictEqual(code, REMOTE_EXIT.locked);
      match(stdout, new RegExp(`^owner=user${token}$`, "m"));
      match(stdout, /^machine=a machine$/m);
    }
    strictEqual((await home.run("heartbeat", [token, "1", "60"])).code, 0);
    strictEqual((await home.run("unlock", [token, "1"])).code, 0);
    strictEqual(home.read("lock-token.txt"), undefined);
    strictEqual(await home.lock("9"), "2", "the fence goes on counting");
  });

  Deno.test(`${name}: a lock from before the clock was set back does not last for ever`, async () => {
    await using home = new Home(shell);
    await home.lock("5");
    const far = Math.floor(Date.now() / 1000) + 7200;
    const lock = home.read(".sns-lock")!.replace(/expires=\d+/, `expires=${far}`);
    home.write(".sns-lock", lock);
    strictEqual((await home.run("lock", ["6", "me", "here", "30"])).code, REMOTE_EXIT.locked);
    const left = Number(/expires=(\d+)/.exec(home.read(".sns-lock")!)![1]) - Date.now() / 1000;
    ok(left <= 30, `it lasts for another ${left} s`);
    // The same of a program that knows only this file.
    home.write("lock-token.txt", "99\n");
    await Deno.utime(join(home.dir, "lock-token.txt"), far, far);
    strictEqual((await home.run("lock", ["6", "me", "here", "30"])).code, REMOTE_EXIT.locked);
    const { mtime } = Deno.statSync(join(home.dir, "lock-token.txt"));
    ok(mtime!.getTime() <= Date.now() + 1000, "its age counts from now on");
  });

  Deno.test(`${name}: lock and look in one go`, async () => {
    await using home = before(shell);
    const { code, stdout } = await home.run("lockAndObserve", ["5", "me", "here", "60"]);
    strictEqual(code, 0);
    const [, fence, records] = /^fence=(\d+)\n([^]*)$/.exec(stdout)!;
    const seen = parseObservation(new TextEncoder().encode(records));
    deepStrictEqual([fence, seen], ["1", await home.observe()]);
    strictEqual((await home.run("lockAndObserve", ["6", "me", "here", "60"])).code, 3);
  });

  Deno.test(`${name}: observe sees releases, configs and sums, and changes nothing`, async () => {
    await using home = before(shell);
    home.write("hosts.conf", "a:1\nb:2\n");
    home.write(`${R}/3.0.0/pod`, "no state: not a release");
    home.write(`${R}/.1.0.0.123/pod.state`, "running\n");
    home.write(`${R}/1.0.0/config/half/x`, "no checksum");
    home.write(`${R}/1.0.0/config/rest.txt`, "no directory\n");
    const seen = await home.observe();
    strictEqual(seen.clusterId, "demo-1");
    deepStrictEqual(seen.chain, ["c1"]);
    strictEqual(seen.hostsConf, "a:1\nb:2\n");
    deepStrictEqual(seen.releases.map(({ version, state }) => [version, state]), [[
      "1.0.0",
      "running",
    ]]);
    const [release] = seen.releases;
    deepStrictEqual([...release!.configs.keys()].sort(), ["conf", "gone", "half", "rest"]);
    deepStrictEqual(release!.configs.get("half"), {});
    strictEqual(
      release!.files.get("pod"),
      createHash("sha256").update("old pod").digest("hex"),
    );
    const empty = new Home(shell);
    deepStrictEqual(await empty.observe(), {
      clusterId: "demo-1",
      chain: [],
      fence: 0,
      releases: [],
    });
    await empty[Symbol.asyncDispose]();
  });

  Deno.test(`${name}: observe finds configs that are not what their checksum says`, async () => {
    await using home = before(shell);
    const dir = join(home.dir, R, "1.0.0/config");
    const time = { mtime: new Date(), atime: new Date() };
    const changed = async () =>
      (await home.observe()).releases.flatMap((release) => [...release.changed ?? []]);
    // "conf" has a checksum that is wrong from the beginning, yet nothing in it is newer.
    await nextSecond();
    for (const name of ["conf", "gone"]) {
      Deno.utimeSync(join(dir, `${name}.txt`), time.atime, time.mtime);
    }
    deepStrictEqual(await changed(), []);
    await nextSecond();
    Deno.chmodSync(join(dir, "gone"), 0o755);
    deepStrictEqual(await changed(), ["gone"]);
    const sum = createHash("sha256").update(
      `${createHash("sha256").update("x").digest("hex")}  ./x\n`,
    );
    home.write(`${R}/1.0.0/config/gone.txt`, `${sum.digest("hex")}\n`);
    await nextSecond();
    Deno.chmodSync(join(dir, "gone"), 0o700);
    deepStrictEqual(await changed(), [], "touched is not changed");
    home.write(`${R}/1.0.0/config/gone/new`, "y");
    deepStrictEqual(await changed(), ["gone"]);
  });

  Deno.test(`${name}: init_host makes a home and keeps off another cluster's`, async () => {
    await using home = new Home(shell);
    strictEqual((await home.run("initHost", ["demo-1", "no"])).code, 0);
    const foreign = await home.run("initHost", ["other-2", "no"]);
    strictEqual(foreign.code, REMOTE_EXIT.foreignCluster);
    strictEqual(home.read("cluster-id.txt"), "demo-1\n");
    strictEqual((await home.run("initHost", ["other-2", "yes"])).code, 0);
    strictEqual(home.read("cluster-id.txt"), "other-2\n");
  });
}

for (const shell of SHELLS) {
  Deno.test({
    name: `${shell[0]}: init_host registers a home with the daemon, those that are gone no longer`,
    ignore: Deno.uid() !== 0,
    fn: async () => {
      const user = Deno.makeTempDirSync({ prefix: "sns-user-" });
      Deno.chownSync(user, 65534, 65534);
      const init = (home: string) =>
        new Deno.Command(shell[0]!, {
          args: [...shell.slice(1), "-c", REMOTE_PROGRAMS.initHost, "sns", home, "demo-1", "no"],
          env: { HOME: user },
          uid: 65534,
          gid: 65534,
          cwd: "/",
        }).output();
      const registered = () =>
        [...Deno.readDirSync(`${user}/.simplenetes-homes`)]
          .map(({ name }) => Deno.readLinkSync(`${user}/.simplenetes-homes/${name}`)).toSorted();
      for (const home of ["direct", "a b/deep", "a b/deep", "c/deep"]) {
        strictEqual((await init(home)).code, 0);
      }
      deepStrictEqual(registered(), [`${user}/a b/deep`, `${user}/c/deep`]);
      Deno.removeSync(`${user}/c`, { recursive: true });
      strictEqual((await init("a b/deep")).code, 0);
      deepStrictEqual(registered(), [`${user}/a b/deep`]);
      Deno.removeSync(user, { recursive: true });
    },
  });
}

/** Waits until files get times of a later second. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  // The clock of files is a little late.
  await until("the next second", () => Math.floor((Date.now() - 50) / 1000) > second);
}

/** What must hold of a home in the middle of an apply. */
function checkBetween(home: Home, seen: Awaited<ReturnType<Home["observe"]>>, step: number): void {
  const label = `step ${step}`;
  const fresh = seen.releases.find(({ version }) => version === "2.0.0");
  if (fresh !== undefined) {
    strictEqual(home.read(`${R}/2.0.0/pod`), "new pod", label);
    strictEqual(home.read(`${R}/2.0.0/config/conf.txt`), "sum2\n", label);
  }
  const checksum = home.read(`${R}/1.0.0/config/conf.txt`);
  const content = ["a", "sub/b", "sub/.old c", "file or dir"].map((file) => {
    try {
      return home.read(`${R}/1.0.0/config/conf/${file}`);
    } catch (error) {
      if (error instanceof Error && error.message.includes("directory")) return "directory";
      throw error;
    }
  });
  if (checksum === "old sum\n") {
    deepStrictEqual(content, ["old a", "old b", "c", "directory"], label);
  } else if (checksum === "new sum\n") {
    deepStrictEqual(content, ["new a", "new b", undefined, "now a file"], label);
  } else {
    // Marked as unfinished; each file by itself is old or new.
    strictEqual(checksum, undefined, label);
    ok(["old a", "new a"].includes(content[0]!) && ["old b", "new b"].includes(content[1]!), label);
  }
  ok(home.read("commit-chain.txt") === "c1\n" || home.read(`${R}/2.0.0/pod.state`), label);
}

Deno.test("the programs are clean for shellcheck", async () => {
  const found = await new Deno.Command("sh", { args: ["-c", "command -v shellcheck"] }).output();
  if (!found.success) return console.log("shellcheck is not installed");
  for (const [name, text] of Object.entries(REMOTE_PROGRAMS)) {
    const file = await Deno.makeTempFile({ suffix: `-${name}.sh` });
    await Deno.writeTextFile(file, text);
    const { success, stdout } = await new Deno.Command("shellcheck", { args: [file] }).output();
    await Deno.remove(file);
    ok(success, new TextDecoder().decode(stdout));
  }
});

for (const shell of SHELLS) {
  Deno.test(`${shell[0]}: a home that can't be written is named, and nothing is left there`, async () => {
    await using home = new Home(shell);
    const lock = ["5", "me", "here", "60"];
    Deno.chmodSync(home.dir, 0o555);
    const init = await home.run("initHost", ["demo-1", "no"]);
    strictEqual(init.code, REMOTE_EXIT.failed, "also where nothing is to be written");
    match(init.stderr, new RegExp(`^cannot write to ${home.dir}: `));
    const first = await home.run("lock", lock);
    strictEqual(first.code, REMOTE_EXIT.failed);
    match(first.stderr, new RegExp(`^cannot write ${home.dir}/.sns-mutex`));
    Deno.chmodSync(home.dir, 0o755);
    home.write(".sns-mutex", "");
    Deno.chmodSync(home.dir, 0o555);
    const second = await home.run("lock", lock);
    strictEqual(second.code, REMOTE_EXIT.failed);
    match(second.stderr, new RegExp(`cannot write ${home.dir}/.sns-lock `));
    deepStrictEqual([...Deno.readDirSync(home.dir)].filter(({ name }) => name.includes("new")), []);
  });
}
