/** A project that changes round by round, syncs of it that are watched, and what they left on the hosts. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../cli/testing/exists.ts";
import { type HostName, HOSTS, type HostsCluster } from "./cluster.ts";
import { differences, lineOf, type ReleaseFiles, releaseFiles } from "./release_files.ts";

/** What goes to h2 takes some seconds for a release of this size. */
const RATE = "6mbit";
const BLOB_BYTES = 3_000_000;

const podYaml = (version: string, seconds: number) =>
  `api: 1.0.0
podVersion: ${version}
runtime: executable
volumes:
  - name: data
    type: config
executable:
  command: [sleep, "${seconds}"]
`;

/** How far a sync has come on h2. */
export type Moment = "locked" | "sending" | "applying";

/** A project with one pod that gets a new version each round, and one that gets another config. */
export class Rounds {
  #round = 0;

  constructor(readonly cluster: HostsCluster) {}

  get version(): string {
    return `1.0.${this.#round}`;
  }

  get before(): string {
    return `1.0.${this.#round - 1}`;
  }

  /** The first round, delivered. */
  async begin(): Promise<void> {
    const { cluster } = this;
    await this.#write();
    await cluster.write({ "_pods/steady/pod.yaml": podYaml("1.0.0", 98764) });
    for (const pod of ["job", "steady"]) {
      await cluster.must(cluster.project, "mkdir", "-p", `_pods/${pod}/config/data`);
      for (const name of HOSTS) await cluster.sns("host", "attach", `${pod}@${name}`);
    }
    await cluster.commit("Attach");
    for (const pod of ["job", "steady"]) await cluster.sns("pod", "compile", pod);
    await cluster.commit("Compile");
    await cluster.sns("cluster", "sync");
  }

  /** Commits a new version of `job`, the end of the one before, and a changed config of `steady`. */
  async next(): Promise<void> {
    const { cluster } = this;
    this.#round++;
    await this.#write();
    await cluster.sns("pod", "compile", "job");
    await cluster.sns("pod", "state", `job:${this.before}`, "-s", "removed");
    await cluster.sns("pod", "updateconfig", "steady");
    await cluster.commit(`Round ${this.#round}`);
  }

  async #write(): Promise<void> {
    const bytes = new Uint8Array(BLOB_BYTES * 3 / 4);
    for (let at = 0; at < bytes.length; at += 65536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65536));
    }
    const stamp = `${this.#round}\n`;
    await this.cluster.write({
      "_pods/job/pod.yaml": podYaml(this.version, 98765),
      "_config/job/data/blob": bytes.toBase64(),
      "_config/job/data/stamp": stamp,
      "_config/steady/data/one": stamp,
      "_config/steady/data/two": stamp,
    });
  }

  inProject(name: HostName, pod: string, version: string): string {
    return join(this.cluster.project, name, "pods", pod, "release", version);
  }

  onHost(name: HostName, pod: string, version: string): string {
    return this.cluster.path(name, "pods", pod, "release", version);
  }

  /** Starts a sync over a slow line to h2, and waits until it has come to `moment` there or has ended. */
  async syncUntil(moment: Moment): Promise<WatchedSync> {
    const { cluster } = this;
    await this.slow(true);
    const options = { cwd: cluster.project, stdout: "piped", stderr: "piped" } as const;
    const sync = cluster.lab.command(cluster.operator, ["sns", "cluster", "sync"], options).spawn();
    let ended = false;
    const output = sync.output().then(({ code, stdout, stderr }) => {
      ended = true;
      const text = new TextDecoder();
      return { code, said: text.decode(stdout) + text.decode(stderr) };
    });
    while (!ended && !await hasCome(cluster.path("h2"), moment)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return { sync, output, came: !ended };
  }

  /** Makes the line to h2 slow, or as fast as it was. */
  async slow(on: boolean): Promise<void> {
    const { lab } = this.cluster;
    await lab.network.limit(lab.host("h2").node, on ? RATE : undefined);
  }

  /** A sync does all there is to do: nothing is left, and each host has what the project has. */
  async syncsThrough(): Promise<void> {
    const { cluster } = this;
    await cluster.sns("cluster", "sync");
    strictEqual((await cluster.try("cluster", "plan")).code, 0);
    strictEqual((await cluster.try("cluster", "diff")).code, 0);
    for (const name of HOSTS) {
      for (const [pod, version] of [["job", this.version], ["steady", "1.0.0"]] as const) {
        const wanted = await releaseFiles(this.inProject(name, pod, version));
        const there = await releaseFiles(this.onHost(name, pod, version));
        deepStrictEqual(differences(there, wanted), [], `${pod} on ${name}`);
      }
    }
  }
}

/** A sync under way. */
export interface WatchedSync {
  readonly sync: Deno.ChildProcess;
  readonly output: Promise<{ readonly code: number; readonly said: string }>;
  /** Whether it was seen at the moment that was waited for. */
  readonly came: boolean;
}

/** What on a host is neither as it was nor as it is to be. `torn` allows a marked config in between. */
export async function mixed(
  rounds: Rounds,
  name: HostName,
  oldSteady: ReleaseFiles,
  torn: boolean,
): Promise<string[]> {
  const complaints: string[] = [];
  const job = rounds.onHost(name, "job", rounds.version);
  const state = await lineOf(join(job, "pod.state"));
  if (state !== undefined) {
    const wanted = await releaseFiles(rounds.inProject(name, "job", rounds.version));
    const differing = differences(await releaseFiles(job), wanted);
    if (state !== "running" || differing.length > 0) {
      complaints.push(`${job} is ${state}, not as in the project: ${differing}`);
    }
  }
  const before = rounds.onHost(name, "job", rounds.before);
  const last = await lineOf(join(before, "pod.state"));
  if (last !== "running" && last !== "removed") complaints.push(`${before} is ${last}`);
  const steady = await releaseFiles(rounds.onHost(name, "steady", "1.0.0"));
  const newSteady = await releaseFiles(rounds.inProject(name, "steady", "1.0.0"));
  const [fromOld, fromNew] = [differences(steady, oldSteady), differences(steady, newSteady)];
  // Its checksum is away while its files are exchanged: the next sync does it again.
  const marked = torn && !steady.has("config/data.txt");
  if (!marked && fromOld.length > 0 && fromNew.length > 0) {
    complaints.push(`steady on ${name}: not the old ${fromOld}, not the new ${fromNew}`);
  }
  return complaints;
}

/** Whether a sync has come so far in a cluster's home. */
async function hasCome(home: string, moment: Moment): Promise<boolean> {
  if (moment === "locked") return await exists(join(home, "lock-token.txt"));
  for await (const { name } of Deno.readDir(home)) {
    if (!name.startsWith(".sns-staging.")) continue;
    if (await exists(join(home, name, moment === "sending" ? "tar" : "data/manifest"))) return true;
  }
  return false;
}
