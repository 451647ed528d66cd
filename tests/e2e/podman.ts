/** Rootless podman for the tests, and an image that is made here: no registry is asked. */
import $ from "dax";

/** An image with all of busybox. */
export const IMAGE = "localhost/sns-e2e:1";

/** The name under which the example pods look for theirs. */
const EXAMPLE_IMAGE = "localhost/demo-web:1";

/** Whether this user can run containers here. */
export async function hasPodman(): Promise<boolean> {
  if (Deno.uid() === 0 || !(await $.commandExists("podman"))) return false;
  const { code } = await $`podman info`.noThrow().quiet();
  return code === 0;
}

/** Makes {@link IMAGE}, unless it is there, and lets the examples have it too. */
export async function makeImage(): Promise<void> {
  if ((await $`podman image exists ${IMAGE}`.noThrow().quiet()).code !== 0) await importImage();
  await $`podman tag ${IMAGE} ${EXAMPLE_IMAGE}`;
}

async function importImage(): Promise<void> {
  const tree = await Deno.makeTempDir();
  try {
    for (const dir of ["bin", "etc", "tmp", "www"]) await Deno.mkdir(`${tree}/${dir}`);
    await Deno.copyFile(await $.which("busybox") ?? "/bin/busybox", `${tree}/bin/busybox`);
    for (const applet of await $`busybox --list`.lines()) {
      if (applet !== "busybox") await Deno.symlink("busybox", `${tree}/bin/${applet}`);
    }
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
