/** The same promises that LocalHost keeps, over a real sshd. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { type Host, HostError, type HostErrorReason, type HostProgram } from "../../daemon/mod.ts";
import { freshAddress, freshPort } from "../../tests/loopback/mod.ts";
import { Far } from "../testing/far.ts";
import { hasSshd, Sshd } from "../testing/sshd.ts";
import { statIfPresent } from "../project/files.ts";
import { until } from "../testing/until.ts";
import { SshHost } from "./ssh_host.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
type Program = Partial<HostProgram> & { script: string };

interface Place {
  readonly host: Host;
  readonly sshd: Sshd;
  readonly run: (program: Program) => ReturnType<Host["run"]>;
  readonly fails: (program: Program, reason: HostErrorReason, message?: RegExp) => Promise<void>;
}

/** A test with one host; `config` are lines of its sshd_config. */
function onHost(name: string, test: (place: Place) => Promise<void>, config: string[] = []) {
  Deno.test({
    name: `SshHost ${name}`,
    ignore: !hasSshd,
    fn: async () => {
      await using sshd = await Sshd.start({ config });
      await using far = new Far();
      await far.host("h1", sshd, {
        FLAGS: "-oConnectTimeout=20 -oServerAliveInterval=1 -oServerAliveCountMax=3",
      });
      const dir = join(far.root, "h1");
      const connect = async () =>
        await far.connections.connect(await far.connections.route(dir), far.root, "h1");
      const host = new SshHost("h1", connect, { maxOutputBytes: 1_000_000, killGraceMs: 200 });
      const run = (program: Program) => host.run({ timeoutMs: 20_000, ...program });
      const fails: Place["fails"] = (program, reason, message = /./) =>
        rejects(run(program), (error) => {
          ok(error instanceof HostError, String(error));
          strictEqual(error.reason, reason, error.message);
          strictEqual(error.hostName, "h1");
          match(error.message, message);
          return true;
        });
      await test({ host, sshd, run, fails });
    },
  });
}

onHost("gives exit codes and signals exactly", async ({ run }) => {
  const exits: readonly [string, number][] = [
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -9 $$", 137],
    ["kill -TERM $$", 143],
    ["kill -SEGV $$", 139],
    ["kill -USR1 $$", 138],
    ["no-such-program", 127],
  ];
  for (const [script, code] of exits) strictEqual((await run({ script })).code, code, script);
});

const odd = ["a b", "", "*", "$HOME `id`", "'\"\\", "line\nbreak\n", "-n", "åß✓", "!x", "a\\\\b"];
for (const shell of ["sh", "bash", "fish", "tcsh"]) {
  onHost(
    `hands arguments over byte for byte through ${shell}`,
    async ({ run }) => {
      const script = `printf '%s\\0' "$@"; printf oops >&2; exit 9`;
      const { code, stdout, stderr } = await run({ script, args: odd });
      deepStrictEqual(text(stdout).split("\0").slice(0, -1), odd);
      deepStrictEqual([code, stderr], [9, "oops"]);
      deepStrictEqual((await run({ script: "kill -KILL $$" })).code, 137);
      const special = fc.constantFrom(..." \t\n\r'\"\\`$!*?[]{}()<>|&;#~%^=-".split(""));
      const word = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: special }))
        .map((value) => value.replaceAll("\0", ""));
      await fc.assert(
        fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
          const { stdout } = await run({
            script: `for word; do printf '%s\\0' "$word"; done`,
            args,
          });
          const arrived = text(stdout).split("\0").slice(0, -1);
          deepStrictEqual(arrived, args.map((arg) => text(new TextEncoder().encode(arg))));
        }),
        { numRuns: 40 },
      );
    },
    // What sshd does with a login shell, with another one.
    [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`],
  );
}

onHost("leaves out what a login shell prints", async ({ run }) => {
  const result = await run({ script: `printf '\\377\\000x'; echo oops >&2` });
  deepStrictEqual([...result.stdout], [255, 0, 120]);
  strictEqual(result.stderr, "oops\n");
}, [`ForceCommand echo Welcome; printf hello >&2; printf x; exec sh -c "$SSH_ORIGINAL_COMMAND"`]);

onHost("tells when the login shell starts nothing", async ({ fails }) => {
  await fails({ script: "exit 0" }, "failed", /exit code 1\): This account is not available/);
}, ["ForceCommand echo This account is not available; exit 1"]);

onHost("gives an empty stdin when none is given", async ({ run }) => {
  strictEqual(text((await run({ script: "cat; echo end" })).stdout), "end\n");
});

onHost("streams stdin, no faster than the program reads", async ({ run }) => {
  let pulled = 0;
  const total = 500;
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ === total) controller.close();
      else controller.enqueue(new Uint8Array(65536));
    },
  }, { highWaterMark: 0 });
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(pulled), 10);
  const { stdout } = await run({ script: "sleep 0.5; wc -c", stdin });
  clearInterval(timer);
  strictEqual(Number(text(stdout)), total * 65536);
  ok(seen.filter((n) => n < 100).length > 5, `pulled ahead: ${seen}`);
});

onHost("cancels a stdin that the program does not want", async ({ run }) => {
  let cancelled = false;
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: () => void (cancelled = true),
  });
  strictEqual((await run({ script: "exit 4", stdin })).code, 4);
  ok(cancelled);
  const silent = new ReadableStream<Uint8Array>({ start() {} });
  strictEqual((await run({ script: "exit 5", stdin: silent })).code, 5);
});

onHost("fails when its stdin stream does", async ({ fails }) => {
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("disk gone")),
  });
  await fails({ script: "cat; sleep 100", stdin }, "input", /disk gone/);
});

onHost("ends the whole group on timeout and on abort", async ({ run, fails, sshd }) => {
  const script = `trap '' TERM; sleep 100 & echo "$!" > "$HOME/pid.$1"; sleep 100; sleep 100`;
  await fails({ script, args: ["timeout"], timeoutMs: 500 }, "timeout");
  const controller = new AbortController();
  const running = fails({ script, args: ["abort"], signal: controller.signal }, "aborted");
  await until(
    "it runs",
    async () => (await run({ script: `[ -s "$HOME/pid.abort" ]` })).code === 0,
  );
  controller.abort();
  await running;
  for (const why of ["timeout", "abort"]) {
    const pid = await Deno.readTextFile(join(sshd.home, `pid.${why}`));
    await until(
      `${why}: ${pid} is gone`,
      async () => (await run({ script: `kill -0 ${pid}` })).code !== 0,
    );
  }
  await fails({ script: "exit 0", signal: AbortSignal.abort() }, "aborted");
});

onHost("hands output on as it comes, no faster than it is taken", async ({ run, sshd }) => {
  const script = `n=0
    while [ $n -lt 500 ]; do n=$((n + 1)); head -c 65536 /dev/zero; echo $n >"$HOME/n"; done
    printf end; exit 3`;
  let [taken, held] = [0, 0];
  let last: Uint8Array = new Uint8Array();
  const onStdout = async (bytes: Uint8Array) => {
    if (taken === 0) {
      let before = -1;
      while (before !== held) {
        before = held;
        await new Promise((resolve) => setTimeout(resolve, 200));
        held = Number(await Deno.readTextFile(join(sshd.home, "n")).catch(() => "0"));
      }
    }
    taken += bytes.length;
    last = bytes;
  };
  const { code, stdout } = await run({ script, onStdout, timeoutMs: 60_000 });
  deepStrictEqual([code, stdout.length, taken], [3, 0, 500 * 65536 + 3]);
  ok(text(last).endsWith("end"));
  ok(held < 150, `${held} pieces were written while the first one was held`);
});

onHost("ends a program whose output is refused, or that goes on for ever", async ({ fails }) => {
  const refuse = () => Promise.reject(new Error("no room"));
  await fails({ script: "echo; sleep 100", onStdout: refuse }, "failed", /no room/);
  const controller = new AbortController();
  const onStdout = () => controller.abort();
  const script = "while echo; do sleep 0.01; done";
  const { signal } = controller;
  await fails({ script, onStdout, signal, timeoutMs: Infinity }, "aborted");
});

onHost("limits the output, and what is sent as a command", async ({ fails }) => {
  await fails({ script: "yes" }, "output-limit");
  await fails({ script: "yes >&2" }, "output-limit");
  await fails({ script: "exit 0", args: ["a\0b"] }, "failed");
  await fails({ script: "exit 0", args: ["x".repeat(200_000)] }, "failed", /larger than/);
});

onHost("runs many programs at a time over one connection", async ({ run, sshd }) => {
  const all = Array.from({ length: 40 }, (_, n) => run({ script: `sleep 0.1; echo ${n}` }));
  const outs = (await Promise.all(all)).map(({ stdout }) => Number(text(stdout)));
  deepStrictEqual(outs, outs.map((_, index) => index));
  strictEqual(await sshd.connections(), 1);
}, ["MaxSessions 3"]);

onHost("fails when the connection is cut, and connects again", async ({ run, fails, sshd }) => {
  const cut = fails({ script: `echo > "$HOME/began"; sleep 20` }, "unreachable", /lost while/);
  await until("it runs", async () => (await run({ script: `[ -e "$HOME/began" ]` })).code === 0);
  await sshd.cut();
  await cut;
  strictEqual((await run({ script: "exit 6" })).code, 6);
});

onHost("notices a host that falls silent", async ({ run, fails, sshd }) => {
  await run({ script: "exit 0" });
  const silent = fails({ script: `echo > "$HOME/began"; sleep 20` }, "unreachable");
  await until("it runs", async () => (await run({ script: `[ -e "$HOME/began" ]` })).code === 0);
  await sshd.freeze();
  await silent;
});

Deno.test({
  name: "notices a host behind a jump host that falls silent while it is sent to",
  ignore: !hasSshd,
  fn: async () => {
    await using door = await Sshd.start();
    await using sshd = await Sshd.start();
    await using far = new Far();
    await far.host("door", door);
    const flags = "-oConnectTimeout=20 -oServerAliveInterval=1 -oServerAliveCountMax=2";
    const host = await far.host("h1", sshd, { JUMPHOST: "door", FLAGS: flags });
    await host.run({ script: "exit 0", timeoutMs: 60_000 });
    // Together more than what fits into the buffers on the way: the jump host can't get rid of it.
    const sending = Array.from({ length: 8 }, (_, n) => {
      const stdin = new ReadableStream<Uint8Array>({
        pull: (stream) => stream.enqueue(new Uint8Array(65536)),
      });
      const script = `echo > "$HOME/began-${n}"; cat >/dev/null`;
      return rejects(
        host.run({ script, stdin, timeoutMs: 60_000 }),
        (error) => error instanceof HostError && error.reason === "unreachable",
      );
    });
    await until("they run", async () => {
      const begun = sending.map((_, n) => statIfPresent(join(sshd.home, `began-${n}`)));
      return (await Promise.all(begun)).every((file) => file !== undefined);
    });
    await sshd.freeze();
    await Promise.all(sending);
  },
});

Deno.test({
  name: "notices a host behind a jump host whose stream ends without being closed",
  ignore: !hasSshd,
  fn: async () => {
    await using door = await Sshd.start();
    await using sshd = await Sshd.start();
    await using far = new Far();
    await far.host("door", door);
    // Between them: it ends what goes to the jump host, and goes on taking what comes from it.
    using listener = Deno.listen({ hostname: freshAddress(), port: freshPort() });
    const served = (async () => {
      const near = await listener.accept();
      const behind = await Deno.connect({ hostname: sshd.address, port: sshd.port });
      const pipes = [near.readable.pipeTo(behind.writable), pump(behind, near)];
      return { near, behind, pipes };
    })();
    const { hostname: HOST, port } = listener.addr as Deno.NetAddr;
    const flags = "-oConnectTimeout=20 -oServerAliveInterval=0";
    const values = { JUMPHOST: "door", FLAGS: flags, HOST, PORT: String(port) };
    const host = await far.host("h1", sshd, values);
    const running = rejects(
      host.run({ script: 'echo >"$HOME/began"; sleep 30', timeoutMs: 60_000 }),
      (error) => error instanceof HostError && error.reason === "unreachable",
    );
    const { near, behind, pipes } = await served;
    await until("it runs", async () => await statIfPresent(join(sshd.home, "began")) !== undefined);
    await near.closeWrite();
    await running;
    for (const conn of [near, behind]) {
      try {
        conn.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error; // a pipe has closed it
      }
    }
    await Promise.allSettled(pipes);
  },
});

/** Hands on what comes, until one of them is closed. */
async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
  }
}
