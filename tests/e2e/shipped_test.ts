/** What `deno task build` makes, in use: one file for all, installed programs, bundles from a URL. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { hasSshd, Sshd } from "../../cli/testing/sshd.ts";
import { VERSION } from "../../proxy/conf/mod.ts";
import { freshAddress, freshPort } from "../loopback/mod.ts";
import { commandsUnder, page } from "./quick_cluster.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]] as const;
const PROGRAMS = ["sns", "podc", "simplenetesd", "simplenetes-proxy", "simplenetes-letsencrypt"];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program with nothing in its environment but PATH and `env`. */
async function run(
  [command, ...args]: readonly string[],
  env: Record<string, string> = {},
  stdin = "",
): Promise<Ran> {
  const child = new Deno.Command(command!, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", ...env },
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that does not read closes the pipe.
  await writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function build(out: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/build.ts", "--fast", "--no-compile", `--out=${out}`],
    cwd: ROOT,
  }).output();
  ok(success, new TextDecoder().decode(stderr));
}

const target = `linux-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;

Deno.test("what is shipped", async (t) => {
  const work = await Deno.makeTempDir({ prefix: "shipped-" });
  const dist = join(work, "dist");
  const file = join(dist, `simplenetes-${VERSION}-${target}`);
  let homes = 0;
  /** An empty home directory. */
  const home = () => {
    const dir = join(work, `home ${++homes}`);
    Deno.mkdirSync(dir);
    return { HOME: dir };
  };
  try {
    await build(dist);

    await t.step("the sums are those of the files", async () => {
      const { success } = await new Deno.Command("sha256sum", {
        args: ["--check", "--strict", "SHA256SUMS"],
        cwd: dist,
        stdout: "null",
      }).output();
      ok(success);
    });

    await t.step("built again it is the same to the byte", async () => {
      const again = join(work, "again");
      await build(again);
      const sums = (dir: string) => Deno.readTextFileSync(join(dir, "SHA256SUMS"));
      strictEqual(sums(again), sums(dist));
      await Deno.remove(again, { recursive: true });
    });

    for (const shell of SHELLS) {
      await t.step(
        `${shell.join(" ")}: unpacks once, hands on arguments, stdin, exit codes`,
        async () => {
          const env = home();
          const call = (...args: string[]) => run([...shell, file, ...args], env);
          strictEqual((await call("sns", "--version")).out, `sns ${VERSION}\n`);
          const unpacked = Deno.statSync(join(env.HOME, ".cache/simplenetes"));
          strictEqual(unpacked.mode! & 0o777, 0o700);
          const wrong = await call("sns", "pod ls\n", "$(id) '\"*");
          strictEqual(wrong.code, 2);
          ok(wrong.err.includes("pod ls"), wrong.err);
          const pods = "api: 1.0.0\npodVersion: 1.0.0\n";
          Deno.writeTextFileSync(join(env.HOME, "pod.yaml"), pods);
          strictEqual((await call("podc", "--check", join(env.HOME, "pod.yaml"))).code, 1);
          strictEqual((await call()).code, 2);
          strictEqual((await call("--version")).out, `simplenetes ${VERSION}\n`);
        },
      );
    }

    await t.step("a link with the name of a program is that program", async () => {
      const env = home();
      for (const program of PROGRAMS) {
        await Deno.symlink(file, join(env.HOME, program));
        match((await run([join(env.HOME, program), "--version"], env)).out, /0\.1\.0/);
      }
    });

    await t.step("ten at once with nothing unpacked yet", async () => {
      const env = home();
      const all = await Promise.all(
        Array.from({ length: 10 }, () => run([file, "sns", "--version"], env)),
      );
      deepStrictEqual(all.map(({ code, err }) => [code, err]), all.map(() => [0, ""]));
      const left = [...Deno.readDirSync(join(env.HOME, ".cache/simplenetes"))];
      deepStrictEqual(left.map(({ name }) => name.replace(/-.*/, "")).sort(), [
        ".lock",
        "apps",
        "deno",
      ]);
    });

    await t.step("killed while it unpacks, the next start cleans up and goes on", async () => {
      const env = home();
      const cache = join(env.HOME, ".cache/simplenetes");
      const child = new Deno.Command(file, {
        args: ["sns", "--version"],
        clearEnv: true,
        env: {
          PATH: "/usr/bin:/bin",
          ...env,
        },
        stdout: "null",
        stderr: "null",
      }).spawn();
      const begun = () => {
        try {
          return [...Deno.readDirSync(cache)].some(({ name }) => name.startsWith(".new."));
        } catch (error) {
          if (error instanceof Deno.errors.NotFound) return false;
          throw error;
        }
      };
      while (!begun()) await new Promise((resolve) => setTimeout(resolve, 2));
      child.kill("SIGKILL");
      await child.status;
      strictEqual((await run([file, "sns", "--version"], env)).code, 0);
      ok(!begun());
    });

    await t.step(
      "no HOME, and one that cannot be written to: another place, or a clear error",
      async () => {
        const place = { SIMPLENETES_CACHE: join(work, "place") };
        strictEqual((await run([file, "sns", "--version"], place)).code, 0);
        const nowhere = { SIMPLENETES_CACHE: "/proc", HOME: "/proc", CACHE_DIRECTORY: "/proc" };
        const told = await run([file, "sns", "--version"], nowhere);
        // The last resort is /var/tmp, which is there on most machines.
        ok(told.code === 0 || /no place to unpack to \(set SIMPLENETES_CACHE/.test(told.err));
      },
    );

    await t.step("a damaged file says so", async () => {
      const damaged = join(work, "damaged");
      const bytes = await Deno.readFile(file);
      bytes[bytes.length >> 1]! ^= 1;
      await Deno.writeFile(damaged, bytes, { mode: 0o755 });
      const told = await run([damaged, "sns", "--version"], home());
      strictEqual(told.code, 126);
      match(told.err, /damaged; get it again/);
    });

    await t.step(
      "installed: the programs run a cluster, from an upgrade on with new files",
      async () => {
        const prefix = join(work, "prefix");
        const installed = await run([file, "install", prefix], home());
        strictEqual(installed.err, "");
        strictEqual((await run([file, "install", prefix], home())).code, 0);
        const bin = join(prefix, "bin");
        deepStrictEqual(
          [...Deno.readDirSync(bin)].map(({ name }) => name).sort(),
          [...PROGRAMS].sort(),
        );
        const completion = join(prefix, "share/bash-completion/completions/sns");
        const complete = ['. "$1"; complete -p sns', "bash", completion];
        match((await run(["bash", "-c", ...complete], home())).out, /^complete -F _sns .*sns$/m);
        for (const file of ["zsh/site-functions/_sns", "fish/vendor_completions.d/sns.fish"]) {
          match(await Deno.readTextFile(join(prefix, "share", file)), /sns/);
        }
        // Everybody on the host runs them.
        for (const { name } of Deno.readDirSync(join(prefix, "lib/simplenetes"))) {
          if (!name.startsWith(".")) {
            strictEqual(Deno.statSync(join(prefix, "lib/simplenetes", name)).mode! & 0o555, 0o555);
          }
        }
        const { success, stdout, stderr } = await new Deno.Command("sh", {
          args: [join(ROOT, "scripts/demo.sh"), "prepared"],
          env: { DEMO_PROGRAMS: bin, DEMO_WITHOUT_PODMAN: "1" },
        }).output();
        ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
        match((await run([file, "install", "relative"], home())).err, /no absolute path/);
      },
    );

    await t.step({
      name: "quickstart from the one file, nothing installed",
      ignore: Deno.uid() === 0,
      fn: async () => {
        const env = { ...home(), USER: "tester" };
        const address = freshAddress();
        const dir = join(work, "quick start");
        const line = ["quickstart", dir, "--yes", "--program", `--address=${address}`];
        const { code, out, err } = await run([file, "sns", ...line], env);
        strictEqual(code, 0, out + err);
        match(await page(`http://${address}:61000/`), /Hello from a pod/);
        const shell = async (script: string) => {
          const ran = await run(["sh", "-ec", script], env);
          strictEqual(ran.code, 0, script + ran.err);
        };
        await shell(commandsUnder("To go on", out).replace(/\n[^\n]*updateconfig[^\n]*/, ""));
        await shell(commandsUnder("To stop it:", out));
        await shell(commandsUnder("To remove all of it", out));
        strictEqual(await page(`http://${address}:61000/`), "");
      },
    });

    await t.step({
      name: "over SSH",
      ignore: !hasSshd,
      fn: async () => {
        await using sshd = await Sshd.start();
        const env = home();
        const sns = async (...args: string[]) => {
          const told = await run(["env", "-C", env.HOME, file, "sns", ...args], env);
          strictEqual(told.code, 0, told.err);
        };
        await sns("cluster", "create", "demo");
        Object.assign(env, { CLUSTERPATH: join(env.HOME, "demo") });
        const address = `${sshd.address}:${sshd.port}`;
        const login = ["-a", address, "-u", sshd.user, "-k", sshd.key, "-d", join(env.HOME, "h1")];
        await sns("host", "register", "h1", ...login, "--yes");
        await sns("host", "init", "h1");
      },
    });

    await t.step("from a URL, without the sources", async () => {
      await using server = Deno.serve({
        hostname: freshAddress(),
        port: freshPort(),
        onListen: () => {},
      }, async ({ url }) => {
        const name = new URL(url).pathname.slice(1);
        if (!/^[a-z-]+\.js$/.test(name)) return new Response("", { status: 404 });
        const headers = { "content-type": "text/javascript" };
        return new Response(await Deno.readFile(join(dist, name)), { headers });
      });
      const base = `http://${server.addr.hostname}:${server.addr.port}`;
      const env = { ...home(), DENO_NO_UPDATE_CHECK: "1" };
      const deno = [Deno.execPath(), "run", "-A", "-q"];
      for (const program of PROGRAMS) {
        const ran = await run([...deno, `${base}/${program}.js`, "--version"], env);
        strictEqual(ran.code, 0, ran.err);
        match(ran.out, /0\.1\.0/);
      }
      // The proxy's threads come from there, too.
      const address = freshAddress();
      const conf = (name: string, text: string) =>
        Deno.writeTextFileSync(join(env.HOME, name), text);
      conf("hosts.conf", `${address}:32767\n`);
      conf("portmappings.conf", "");
      conf(
        "proxy.conf",
        "CLUSTERPORTS 61000\nWORKERS 2\nHOSTSCONF hosts.conf\nPORTSCONF portmappings.conf\n",
      );
      const child = new Deno.Command(Deno.execPath(), {
        args: [...deno.slice(1), `${base}/simplenetes-proxy.js`, join(env.HOME, "proxy.conf")],
        clearEnv: true,
        env,
        stdout: "null",
        stderr: "piped",
      }).spawn();
      let log = "";
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        log += text;
        if (/listen/i.test(log) || /error/i.test(log)) break;
      }
      child.kill("SIGTERM");
      await child.status;
      ok(!/error/i.test(log), log);
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});
