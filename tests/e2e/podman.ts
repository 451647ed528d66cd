/** Rootless podman for the tests, and an image that is made here: no registry is asked. */
import $ from "dax";

/** The image of the example pods: busybox and a few names for it. */
export const IMAGE = "localhost/demo-web:1";

const APPLETS = "sh sed mkdir echo httpd kill cat sleep printf env wget id ls touch true nc".split(
  " ",
);

/** Whether this user can run containers here. */
export async function hasPodman(): Promise<boolean> {
  if (Deno.uid() === 0 || !(await $.commandExists("podman"))) return false;
  const { code } = await $`podman info`.noThrow().quiet();
  return code === 0;
}

/** Makes {@link IMAGE}, unless it is there. */
export async function makeImage(): Promise<void> {
  if ((await $`podman image exists ${IMAGE}`.noThrow().quiet()).code === 0) return;
  const tree = await Deno.makeTempDir();
  try {
    for (const dir of ["bin", "etc", "tmp", "www"]) await Deno.mkdir(`${tree}/${dir}`);
    await Deno.copyFile(await $.which("busybox") ?? "/bin/busybox", `${tree}/bin/busybox`);
    for (const applet of APPLETS) await Deno.symlink("busybox", `${tree}/bin/${applet}`);
    await Deno.writeTextFile(`${tree}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
    await $`tar -C ${tree} -cf ${tree}.tar .`;
    await $`podman import -q ${tree}.tar ${IMAGE}`.quiet();
  } finally {
    await Deno.remove(tree, { recursive: true });
    await Deno.remove(`${tree}.tar`).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** One field of a container, by podman's template; empty when there is no such container. */
export async function inspect(container: string, template: string): Promise<string> {
  const { code, stdout } = await $`podman inspect --format ${template} ${container}`.noThrow()
    .quiet();
  return code === 0 ? stdout.trim() : "";
}
