/** What has to be so before quickstart begins. */
import { dirname } from "node:path";
import { LocalHost } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { enclosingProject } from "../project/cluster.ts";
import { statIfPresent } from "../project/files.ts";
import type { Server } from "./example.ts";
import look from "./look.sh" with { type: "text" };
import { PORTS } from "./steps.ts";

/** What look.sh found. */
export interface Facts {
  readonly tools: ReadonlySet<string>;
  readonly committer: boolean;
  /** Programs of the host that serve files. */
  readonly servers: readonly ("busybox" | "python3")[];
  /** Podman's version; why it does not work; neither when it is not there or nobody asked. */
  readonly podman?: { readonly version: string } | { readonly broken: string };
  readonly hasImage: boolean;
}

/** Something that has to be mended first. */
export interface Obstacle {
  readonly what: string;
  readonly mend: string;
}

/** Major and minor of the oldest podman whose pods behave as the compiled ones need. */
const OLDEST_PODMAN = [4, 3] as const;
const LOOK_TIMEOUT_MS = 60_000;

/** @param image the image that podman is asked for; without it podman is not asked */
export async function lookAround(image: string | undefined): Promise<Facts> {
  const { stdout } = await new LocalHost("this machine")
    .run({ script: look, args: [image ?? ""], timeoutMs: LOOK_TIMEOUT_MS });
  return parseFacts(new TextDecoder().decode(stdout));
}

/** Reads what look.sh prints. */
export function parseFacts(text: string): Facts {
  const lines = text.split("\n").map((line) => /^(\S+) (.*)$/.exec(line)?.slice(1) ?? []);
  const of = (key: string) => lines.filter(([name]) => name === key).map(([, value]) => value!);
  const [version, broken] = [of("version")[0], of("broken")[0]];
  return {
    tools: new Set(of("has")),
    committer: of("knows").length > 0,
    servers: of("serves") as Facts["servers"],
    ...(version !== undefined ? { podman: { version } } : {}),
    ...(broken !== undefined ? { podman: { broken } } : {}),
    hasImage: of("has-image").length > 0,
  };
}

/** What serves the example page here, or what stands against it. */
export function chooseServer(facts: Facts, image: string | undefined): Server | Obstacle {
  if (image === undefined) {
    const [program] = facts.servers;
    if (program !== undefined) return { kind: "program", program };
    return {
      what: "no program here can serve the example page",
      mend: "install busybox or python3",
    };
  }
  const { podman } = facts;
  const without = "or let the example be a program on this machine: --program";
  if (podman === undefined) {
    return { what: "podman is not installed", mend: `install the package podman, ${without}` };
  }
  if ("broken" in podman) {
    return {
      what: `podman does not work for this user: ${podman.broken}`,
      mend: `see what "podman info" says, ${without}`,
    };
  }
  const [major = 0, minor = 0] = podman.version.split(".").map((part) => parseInt(part));
  if (major < OLDEST_PODMAN[0] || major === OLDEST_PODMAN[0] && minor < OLDEST_PODMAN[1]) {
    return {
      what: `podman ${podman.version} is too old`,
      mend: `install podman ${OLDEST_PODMAN.join(".")} or later, ${without}`,
    };
  }
  return { kind: "container", image };
}

/** What stands against a cluster in `dir` at `address`, apart from what serves the page. */
export async function findObstacles(
  options: { dir: string; address: string; uid: number | null; clusterPath: string | undefined },
  facts: Facts,
): Promise<Obstacle[]> {
  const found: (Obstacle | undefined)[] = [
    options.uid === 0
      ? {
        what: "pods belong to an ordinary user, and this is root",
        mend: "log in as that user, or run it as one: su - <user> -c 'sns quickstart'",
      }
      : undefined,
    options.clusterPath
      ? {
        what: `CLUSTERPATH names another project: ${options.clusterPath}`,
        mend: "unset CLUSTERPATH",
      }
      : undefined,
    ...["git", "setsid"].filter((tool) => !facts.tools.has(tool)).map((tool) => ({
      what: `${tool} is not installed`,
      mend: `install the package ${tool === "setsid" ? "util-linux" : tool}`,
    })),
    await directoryObstacle(options.dir),
    ...Object.values(PORTS).map((port) => portObstacle(options.address, port)),
  ];
  return found.filter((each) => each !== undefined);
}

async function directoryObstacle(dir: string): Promise<Obstacle | undefined> {
  const mend = "name another directory: sns quickstart <dir>";
  const stat = await statIfPresent(dir);
  if (stat && !stat.isDirectory) return { what: `${dir} is no directory`, mend };
  if (stat && !Deno.readDirSync(dir)[Symbol.iterator]().next().done) {
    return { what: `${dir} is not empty`, mend };
  }
  if (/[\n\r]/.test(dir)) return { what: "the directory's name has a line break in it", mend };
  const around = await enclosingProject(dirname(dir));
  return around === undefined ? undefined : { what: `${dir} lies in the project ${around}`, mend };
}

function portObstacle(hostname: string, port: number): Obstacle | undefined {
  try {
    Deno.listen({ hostname, port }).close();
    return undefined;
  } catch (error) {
    const taken = error instanceof Deno.errors.AddrInUse;
    return {
      what: taken
        ? `${hostname}:${port} is taken`
        : `nobody can listen on ${hostname}:${port} here: ${(error as Error).message}`,
      mend: taken
        ? "stop what listens there (another quickstart, or a proxy?), or --address=127.0.0.3"
        : "name a loopback address: --address=127.0.0.3",
    };
  }
}

/** @throws {UserError} that names all of them */
export function refuseObstacles(obstacles: readonly Obstacle[]): void {
  if (obstacles.length === 0) return;
  const hint = [...new Set(obstacles.map(({ mend }) => mend))].join("; ");
  throw new UserError(`Cannot make the cluster: ${obstacles.map(({ what }) => what).join("\n")}`, {
    hint,
  });
}
