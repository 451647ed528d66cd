/** Puts a compiled release on disk, whole or not at all. */
import { dirname, join } from "node:path";
import type { CompileOutput } from "../../podc/mod.ts";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import type { Cluster } from "../project/cluster.ts";
import { copyConfigs } from "../project/configs.ts";
import { removeIfPresent, writeFileAtomic } from "../project/files.ts";
import { PORTS_FILE } from "../project/release_ports.ts";

export interface NewRelease {
  /** Absolute path of the release; it must not exist. */
  readonly dir: string;
  readonly pod: string;
  /** Text of `.pod.yaml`. */
  readonly preprocessed: string;
  readonly artifacts: NonNullable<CompileOutput["artifacts"]>;
  /** Text of `.ports`. */
  readonly ports: string;
}

/** Writes a release beside its place and renames it there. Its state is `running`. */
export async function writeRelease(cluster: Cluster, release: NewRelease): Promise<void> {
  const parent = dirname(release.dir);
  await Deno.mkdir(parent, { recursive: true });
  const temp = join(parent, `.new.${crypto.randomUUID()}.tmp`);
  try {
    await fill(cluster, release, temp);
    await Deno.rename(temp, release.dir);
  } catch (error) {
    await removeIfPresent(temp);
    throw error;
  }
}

async function fill(cluster: Cluster, release: NewRelease, dir: string): Promise<void> {
  const { artifacts: { pod, portMappings, ingress }, preprocessed, ports } = release;
  await Deno.mkdir(dir);
  const program = join(dir, RELEASE_FILES.pod);
  if ("text" in pod) await writeFileAtomic(program, pod.text);
  else await Deno.copyFile(pod.copyOf, program);
  await Deno.chmod(program, 0o755);
  await writeFileAtomic(join(dir, ".pod.yaml"), preprocessed);
  if (ports !== "") await writeFileAtomic(join(dir, PORTS_FILE), ports);
  if (portMappings !== "") {
    await writeFileAtomic(join(dir, RELEASE_FILES.portMappings), portMappings);
  }
  if (ingress !== "") await writeFileAtomic(join(dir, RELEASE_FILES.ingress), ingress);
  await copyConfigs(cluster, release.pod, join(dir, RELEASE_FILES.config));
  await writeFileAtomic(join(dir, RELEASE_FILES.state), "running\n");
}
