/** The loads: bulk by iperf3, requests by wrk, connections that do nothing. */
import { HOST_PORTS, NEAR, POD } from "./contenders.ts";
import { join } from "node:path";
import { must, pause, Server } from "./process.ts";

const hold = new URL("./hold.ts", import.meta.url).pathname;

/** The servers behind all contenders: nginx for requests, iperf3 for bulk. */
export class Pods implements AsyncDisposable {
  private constructor(
    private readonly servers: readonly Server[],
    private readonly directory: string,
  ) {}

  static async start(): Promise<Pods> {
    const directory = await Deno.makeTempDir({ prefix: "bench-pods-" });
    const config = "daemon off;\nmaster_process off;\n" +
      `pid ${directory}/nginx.pid;\nerror_log /dev/null;\nworker_rlimit_nofile 20000;\n` +
      "events { worker_connections 19000; }\nhttp {\n  access_log off;\n  keepalive_requests 100000000;\n" +
      "  client_header_timeout 1h;\n  keepalive_timeout 1h;\n" +
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
        `  ${name}_temp_path ${directory}/${name};\n`
      ).join("") +
      `  server {\n    listen ${POD}:${HOST_PORTS.http} backlog=4096;\n    return 200 "ok\\n";\n  }\n}\n`;
    await Deno.writeTextFile(join(directory, "nginx.conf"), config);
    const nginx = new Server(
      "nginx",
      "-e",
      "/dev/null",
      "-p",
      directory,
      "-c",
      join(directory, "nginx.conf"),
    );
    const iperf = new Server("iperf3", "-s", "-B", POD, "-p", `${HOST_PORTS.bulk}`);
    await nginx.listens(POD, HOST_PORTS.http);
    await pause(300); // iperf3 takes one client at a time, so it is not asked.
    return new Pods([nginx, iperf], directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

type Where = { hostname: string; port: number };

/** Bytes that came through `streams` connections in `seconds`. */
export async function bulk(
  { hostname, port }: Where,
  streams: number,
  seconds: number,
): Promise<number> {
  const args = ["-c", hostname, "-p", `${port}`, "-t", `${seconds}`, "-P", `${streams}`, "-J"];
  for (let attempt = 1;; attempt++) {
    const { error, end } = JSON.parse(
      await must("iperf3", ...args).catch((failed) => {
        return JSON.stringify({ error: String(failed) });
      }),
    );
    if (end?.sum_received) return end.sum_received.bytes;
    // It still ends the run before.
    if (attempt === 5) throw new Error(`iperf3: ${error}`);
    await pause(500);
  }
}

export interface Requests {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Connections that failed, or answers that were none. */
  readonly errors: number;
}

/** Requests by 50 clients, each on a connection that is kept or on a new one. */
export async function requests(
  { hostname, port }: Where,
  connections: "kept" | "new",
  seconds: number,
): Promise<Requests> {
  const header = connections === "new" ? ["-H", "Connection: close"] : [];
  const url = `http://${hostname}:${port}/`;
  const text = await must("wrk", "-t2", "-c50", `-d${seconds}s`, "--latency", ...header, url);
  const ms = (label: string) => {
    const [, value, unit] = new RegExp(`^\\s+${label}\\s+([0-9.]+)(us|ms|s)$`, "m").exec(text) ??
      [];
    return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"]!;
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  return {
    count: Number(/(\d+) requests in/.exec(text)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([0-9.]+)/.exec(text)?.[1]),
    p50Ms: ms("50%"),
    p99Ms: ms("99%"),
    errors: (errors?.slice(1) ?? []).reduce((sum, each) => sum + Number(each), 0) +
      Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
  };
}

/** Runs `work` while `count` connections are open that do nothing. */
export async function withIdle<T>(
  { hostname, port }: Where,
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  const child = new Deno.Command("sh", {
    args: ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", Deno.execPath(), "run", "-A", hold]
      .concat(hostname, `${port}`, `${count}`),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    if ((await reader.read()).done) throw new Error(`Cannot hold ${count} connections to ${NEAR}`);
    await pause(1500);
    return await work();
  } finally {
    await reader.cancel();
    await child.stdin.close();
    await child.status;
  }
}
