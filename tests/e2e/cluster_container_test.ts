/** Hosts with rootless podman: the web pod is a container. */
import { clusterPath } from "./cluster_path.ts";
import { hasPodman, inspect, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

clusterPath(
  "container",
  () => inspect("server-web-1.0.0-127.0.0.2", "{{.Id}} {{.State.StartedAt}}"),
  !podman,
);
