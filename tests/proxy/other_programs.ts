/** HAProxy and nginx, each with one configuration, as processes of the test's user. */
import { join } from "node:path";
import { run } from "../shell/pod_folder.ts";
import { Program } from "./program.ts";

/** Why these programs can't be run here; `undefined` when they can. */
export async function whyMissing(...programs: string[]): Promise<string | undefined> {
  for (const program of programs) {
    if ((await run("sh", ["-c", `PATH=$PATH:/usr/sbin; command -v ${program}`])).code !== 0) {
      return `no ${program} here`;
    }
  }
  const module = "/usr/lib/nginx/modules/ngx_stream_module.so";
  if (programs.includes("nginx") && !(await Deno.stat(module).catch(() => undefined))) {
    return "nginx has no stream module here";
  }
  return undefined;
}

/** Starts HAProxy. `sections` are its frontends, backends and listens. */
export async function haproxy(directory: string, sections: string): Promise<Program> {
  const file = join(directory, "haproxy.cfg");
  const defaults =
    "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n";
  await Deno.writeTextFile(file, `global\n  maxconn 1000\n${defaults}${sections}`);
  return inShell('exec haproxy -db -f "$1"', file);
}

/** Starts nginx with `servers` in its stream block. */
export async function nginxStream(directory: string, servers: string): Promise<Program> {
  const file = join(directory, "nginx.conf");
  const head = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\n" +
    `master_process off;\npid ${join(directory, "nginx.pid")};\nerror_log stderr;\nevents {}\n`;
  await Deno.writeTextFile(file, `${head}stream {\n${servers}}\n`);
  return inShell('exec nginx -e stderr -p "$(dirname "$1")" -c "$1"', file);
}

/** Debian keeps both where only root's PATH leads. */
function inShell(script: string, file: string): Program {
  return new Program(["sh", "-c", `PATH=$PATH:/usr/sbin; ${script}`, "sh", file]);
}
