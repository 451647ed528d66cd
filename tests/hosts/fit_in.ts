/** What hosts that were set up by the documented commands need to be hosts inside of another machine. */
import { join } from "node:path";
import { makeImageTar } from "../e2e/podman.ts";
import { makeIngressImageTar } from "../ingress/image.ts";
import { FIT_IN } from "./cluster.ts";
import type { Lab } from "./lab.ts";

const IMAGES = {
  "docker.io/library/busybox:1.37": makeImageTar,
  "docker.io/library/haproxy:3.2-alpine": makeIngressImageTar,
};

/**
 * Gives hosts the images that they would pull from a registry, and settings that only such hosts need.
 *
 * @param dir where there is room for an image
 */
export async function fitIn(lab: Lab, names: readonly string[], dir: string): Promise<void> {
  for (const host of names) await lab.host(host).run(FIT_IN, "sns");
  for (const [image, make] of Object.entries(IMAGES)) {
    const tar = join(dir, "image.tar");
    await make(tar);
    await Promise.all(names.map(async (name) => {
      const host = lab.host(name);
      await Deno.copyFile(tar, host.home("image.tar"));
      await host.as("sns", 'podman import -q /home/image.tar "$1"', image);
    }));
  }
}
