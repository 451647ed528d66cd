/** What a sync takes from the project and from the machine that it runs on. */
import { join } from "node:path";
import type { Deps } from "../deps.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import type { HostDir } from "../project/host.ts";
import { packArchive } from "./archive.ts";
import { desiredHost } from "./desired.ts";
import type { Operation } from "./operation.ts";
import { pause } from "./pause.ts";
import type { ReadyProject } from "./preconditions.ts";
import type { DesiredHost } from "./state.ts";

/** What a sync needs of {@link Deps}. */
export type SyncDeps = Pick<
  Deps,
  "connect" | "env" | "log" | "now" | "progress" | "random" | "signal"
>;

/** Everything that a plan delivers to a host, packed; disposing frees it. */
export interface Delivery extends AsyncDisposable {
  /** sha256 of the bytes, in hex. */
  readonly sum: string;
  open(): Promise<Uint8Array | ReadableStream<Uint8Array>>;
}

/** The seam between sync and all that is not a host; the simulator has another one. */
export interface SyncWorld {
  /** What `host` should hold. */
  desired(host: HostDir, project: ReadyProject): Promise<DesiredHost>;
  /** Packs what `operations` need. */
  pack(
    host: HostDir,
    desired: DesiredHost,
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<Delivery>;
  /** Waits; `false` when `done` aborted meanwhile. */
  pause(ms: number, done: AbortSignal): Promise<boolean>;
  /** Appends to the sync log of that file name. */
  note(file: string, text: string): Promise<void>;
}

/** The project on disk. */
export class ProjectWorld implements SyncWorld {
  readonly pause = pause;

  constructor(readonly cluster: Cluster) {}

  desired(host: HostDir, { hosts, chain }: ReadyProject): Promise<DesiredHost> {
    return desiredHost(this.cluster, host, hosts, chain);
  }

  async pack(
    host: HostDir,
    desired: DesiredHost,
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<Delivery> {
    const workDir = await Deno.makeTempDir({ prefix: "sns-sync-" });
    const remove = () => Deno.remove(workDir, { recursive: true });
    try {
      const { path, sum } = await packArchive(workDir, host, desired, operations, signal);
      const open = async () => (await Deno.open(path)).readable;
      return { sum, open, [Symbol.asyncDispose]: remove };
    } catch (error) {
      await remove();
      throw error;
    }
  }

  async note(file: string, text: string): Promise<void> {
    const dir = join(this.cluster.root, PROJECT_FILES.syncLogs);
    await Deno.mkdir(dir, { recursive: true });
    await Deno.writeTextFile(join(dir, file), text, { append: true });
  }
}
