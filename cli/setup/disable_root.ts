/** `sns host setup disableroot`: sshd lets nobody in by password, and root not at all. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../project/files.ts";
import { SUPER_USER_ENV } from "../project/host.ts";
import type { Hop, Route } from "../transport/route.ts";
import { confirmChange } from "./confirm.ts";
import type { Login } from "./login.ts";
import { runSteps, type Setup, tell } from "./setup.ts";

export interface DisableRootOptions {
  /** Where sshd is to listen; it stays where it is by default. */
  readonly port: number | undefined;
  /** Seconds until the host takes a change back that was not confirmed. */
  readonly confirmSeconds: number;
}

/** @throws {UserError} */
export async function disableRoot(
  setup: Setup,
  login: Login,
  options: DisableRootOptions,
): Promise<void> {
  const { confirmSeconds: seconds, port } = options;
  const route = port === undefined ? login.route : movedTo(login.route, port);
  const line = await runSteps(setup, login.host, "sshd", [
    String(seconds),
    port === undefined ? "" : String(port),
  ]);
  if (line !== undefined) {
    await confirmChange(setup, {
      ...{ name: "sshd", line, route, before: login.route, seconds },
      hint: port === undefined
        ? `see what sshd says: sns host shell ${setup.host.name} -s -- journalctl -u ssh -u sshd`
        : `is the port ${port} open on the way there, and in EXPOSE of host.env?`,
    });
  }
  if (port !== undefined && port !== login.route.at(-1)!.port) await move(setup, login, route);
  const next = (await setup.deps.ssh()).at(setup.host.name, route, setup.cluster.root);
  await runSteps(setup, setup.look ? login.host : next, "lockRoot", []);
}

/** The same machine at another port: its key is known by the old one. */
function movedTo(route: Route, port: number): Route {
  const hop = route.at(-1)!;
  const last: Hop = { ...hop, port, keyPort: hop.port, envFile: `${hop.envFile} at ${port}` };
  return [...route.slice(0, -1), last] as unknown as Route;
}

/** Writes down that sshd is at another port now. */
async function move(setup: Setup, login: Login, route: Route): Promise<void> {
  const { deps, cluster, host } = setup;
  const { port } = route.at(-1)!;
  const text = `PORT=${port} in host.env and ${SUPER_USER_ENV}`;
  if (setup.look) return tell(setup, "env", "would change", text);
  const connections = await deps.ssh();
  const key = await connections.showHostKey(route, cluster.root, host.name);
  const keys = await connections.hostKeys(cluster.root);
  keys.require(login.route.at(-1)!, key, host.name);
  const { keyPort: _, ...hop } = route.at(-1)!;
  await keys.record(hop, key);
  for (const file of ["host.env", SUPER_USER_ENV]) await setPort(join(host.dir, file), port);
  tell(setup, "env", "changed", text);
}

async function setPort(path: string, port: number): Promise<void> {
  const text = await Deno.readTextFile(path);
  const lines = text.split("\n").filter((line) => !/^PORT=/.test(line));
  const at = lines.findIndex((line) => /^HOST=/.test(line));
  if (at < 0) throw new UserError(`Cannot set PORT in ${path}: it has no HOST`);
  lines.splice(at + 1, 0, `PORT=${port}`);
  await writeFileAtomic(path, lines.join("\n"));
}
