import assert from "node:assert/strict";
import { join } from "node:path";
import { askProxy } from "./admin/client.ts";
import { parsePrometheus } from "./admin/testing/parse_prometheus.ts";
import { VERSION } from "./conf/mod.ts";
import { echo, exchange, freshAddress, receive, send, TestServer } from "./test_kit.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

function spawn(
  args: readonly string[],
  shell = 'exec "$@"',
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command("sh", {
    args: ["-c", shell, "sh", Deno.execPath(), "run", "-A", "--no-check", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
}

async function output(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Reads lines of `stream` until one contains `what`; gives all text so far. */
async function readUntil(reader: ReadableStreamDefaultReader<string>, what: string) {
  let text = "";
  while (!text.includes(what)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The program ended: ${text}`);
    text += value;
  }
  return text;
}

Deno.test("--help, --version and mistakes", async () => {
  const directory = await Deno.makeTempDir();
  const bad = join(directory, "bad.conf");
  await Deno.writeTextFile(bad, "PORTS 5\nPORT x\n");
  const [help, version, unknown, missing, wrong] = await Promise.all(
    [["--help"], ["--version"], ["--what"], [join(directory, "none.conf")], [bad]].map((args) =>
      output(spawn(args))
    ),
  );
  assert.equal(help!.code, 0);
  assert.match(help!.stdout, /^Usage: simplenetes-proxy/);
  assert.deepEqual(version, { code: 0, stdout: `${VERSION}\n`, stderr: "" });
  assert.deepEqual([unknown!.code, unknown!.stdout], [2, ""]);
  assert.match(unknown!.stderr, /^\[ERROR\] Unknown option --what/);
  assert.equal(missing!.code, 1);
  assert.match(missing!.stderr, /^\[ERROR\] Cannot read .*none\.conf/);
  assert.equal(wrong!.code, 1);
  assert.match(wrong!.stderr, /bad\.conf: line 1: unknown key "PORTS", did you mean PORT\?/);
  assert.match(wrong!.stderr, /bad\.conf: line 2: PORT needs a port/);
  await Deno.remove(directory, { recursive: true });
});

/** Runs the program with one mapping from cluster port 61001 to an echo server. */
async function withProgram(
  conf: string,
  shell: string,
  test: (program: {
    child: Deno.ChildProcess;
    ip: string;
    /** Of the proxy, and the runtime directory of its user. */
    directory: string;
    readUntil: (what: string) => Promise<string>;
  }) => Promise<void>,
) {
  const directory = await Deno.makeTempDir();
  const ip = freshAddress();
  const server = new TestServer(ip, echo);
  await Deno.writeTextFile(join(directory, "proxy.conf"), conf);
  await Deno.writeTextFile(join(directory, "hosts.conf"), `${ip}:29767\n`);
  await Deno.writeTextFile(join(directory, "portmappings.conf"), `61001:${server.port}:99:false\n`);
  const child = spawn([join(directory, "proxy.conf")], shell, { XDG_RUNTIME_DIR: directory });
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  try {
    await test({ child, ip, directory, readUntil: (what) => readUntil(reader, what) });
  } finally {
    try {
      child.kill("SIGKILL");
    } catch { /* It has ended. */ }
    await child.status;
    await reader.cancel();
    await child.stdout.cancel();
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("SIGTERM drains and exits 0; SIGHUP reloads", async () => {
  await withProgram("PORT 29767\nCLUSTERPORTS 61001-61003", 'exec "$@"', async (program) => {
    await program.readUntil("Settings are in force");
    const conn = await Deno.connect({ hostname: program.ip, port: 61001 });
    await send(conn, "before\n");
    assert.equal(await receive(conn, "\n"), "before\n");
    program.child.kill("SIGHUP");
    program.child.kill("SIGTERM");
    await send(conn, "after\n");
    assert.equal(await receive(conn, "\n"), "after\n");
    conn.close();
    assert.equal((await program.child.status).code, 0);
  });
});

Deno.test("a second signal ends at once", async () => {
  await withProgram(
    "PORT 29767\nCLUSTERPORTS 61001\nDRAINSECONDS 600",
    'exec "$@"',
    async (program) => {
      await program.readUntil("Settings are in force");
      using conn = await Deno.connect({ hostname: program.ip, port: 61001 });
      await send(conn, "x\n");
      await receive(conn, "\n");
      program.child.kill("SIGTERM");
      // The first one has been taken once it no longer listens.
      for (;;) {
        const refused = await Deno.connect({ hostname: program.ip, port: 61001 })
          .then((other) => other.close(), () => true);
        if (refused) break;
      }
      program.child.kill("SIGINT");
      assert.equal((await program.child.status).code, 1);
    },
  );
});

Deno.test("too few open files: it says which limit, and serves as soon as it can", async () => {
  const conf = "PORT 29767\nCLUSTERPORTS 61001-61400";
  await withProgram(conf, 'ulimit -n 200; exec "$@"', async (program) => {
    const text = await program.readUntil("Settings are in force");
    assert.match(text, /limit of open files is too low for \d+ of 401 listeners limit=200 /);
    assert.match(text, /Cannot listen on \d+ of 401 ports .*LimitNOFILE/);
    for (let turn = 0; turn < 3; turn++) {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => exchange(program.ip, 61001, "hello")),
      );
      assert.deepEqual(answers, Array(5).fill("hello"));
    }
    const idle = await Promise.all(
      Array.from({ length: 60 }, () => Deno.connect({ hostname: program.ip, port: 61001 })),
    );
    const trouble = await program.readUntil("Cannot accept connections for the moment");
    assert.match(trouble, /for the moment error=.*LimitNOFILE/);
    for (const conn of idle) conn.close();
    assert.equal(await exchange(program.ip, 61001, "back again"), "back again");
    const metrics = await askProxy(join(program.directory, "proxy.conf"), "/metrics", {
      runtime: program.directory,
      own: program.directory,
    });
    const { samples } = parsePrometheus(metrics);
    const value = (name: string, labels = {}) => samples.get(`simplenetes_proxy_${name}`, labels)!;
    assert.ok(value("accept_failures_total", { cause: "out of files" }) > 0);
    assert.ok(value("listeners") < value("listeners_wanted"));
    assert.equal(value("open_files_limit"), 200);
  });
});

Deno.test("status and metrics of a running proxy; an error that names its socket after its end", async () => {
  const conf = "PORT 29767\nCLUSTERPORTS 61001-61003";
  await withProgram(conf, 'exec "$@"', async ({ child, ip, directory, readUntil }) => {
    await readUntil("Settings are in force");
    assert.equal(await exchange(ip, 61001, "hello"), "hello");
    const file = join(directory, "proxy.conf");
    const env = { XDG_RUNTIME_DIR: directory };
    const ask = (...args: string[]) => output(spawn([...args, file], undefined, env));
    const [text, json, metrics, wrong, second] = await Promise.all([
      ask("status"),
      ask("status", "--json"),
      ask("metrics"),
      ask("metrics", "--json"),
      output(
        spawn(["status", file], undefined, { XDG_RUNTIME_DIR: "/nowhere", TMPDIR: directory }),
      ),
    ]);
    assert.deepEqual([text!.code, text!.stderr], [0, ""]);
    assert.ok(text!.stdout.includes(`pid ${child.pid},`), text!.stdout);
    assert.match(text!.stdout, /^61001 +127\.\S+ +0 +99 +no$/m);
    const status = JSON.parse(json!.stdout);
    assert.deepEqual([status.pid, status.version], [child.pid, VERSION]);
    assert.match(
      metrics!.stdout,
      /client_connections_total\{cluster_port="61001",host="local",result="ok"\} 1\n/,
    );
    assert.equal(wrong!.code, 2);
    assert.deepEqual([second!.code, second!.stdout], [1, ""]);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    const socket = join(directory, `simplenetes-proxy-${ip}-29767.sock`);
    const gone = await ask("status");
    assert.deepEqual([gone.code, gone.stdout], [1, ""]);
    assert.ok(gone.stderr.includes(`${socket} (there is no such socket)`), gone.stderr);
    assert.match(gone.stderr, /^\[ERROR\] No proxy answers for .*proxy\.conf/);
  });
});

Deno.test("LOG_FORMAT=json: each line is an object", async () => {
  const { code, stderr } = await output(
    spawn(["/nowhere/proxy.conf"], undefined, { LOG_FORMAT: "json" }),
  );
  assert.equal(code, 1);
  const lines = stderr.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ level }) => level), ["error"]);
  assert.match(lines[0].event, /Cannot read .*proxy\.conf/);
});
