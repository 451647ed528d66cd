/** Hosts without podman: the web pod is a program. */
import { clusterPath } from "./cluster_path.ts";

clusterPath("program", async (cluster) => {
  try {
    return await Deno.readTextFile(cluster.release("h1", ".pod.run/unit/web/process"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}, false);
