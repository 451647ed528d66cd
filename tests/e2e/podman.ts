/** Rootless podman for the tests, and an image that is made here: no registry is asked. */
import $ from "dax";

/** An image with all of busybox. */
export const IMAGE = "localhost/sns-e2e:1";

/** The name under which the example pods look for theirs. */
export const EXAMPLE_IMAGE = "localhost/demo-web:1";

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
  const tar = await Deno.makeTempFile({ suffix: ".tar" });
  try {
    await makeImageTar(tar);
    await $`podman import -q ${tar} ${IMAGE}`.quiet();
  } finally {
    await Deno.remove(tar);
  }
}

/** Writes the root directory of {@link IMAGE} as a tar, for `podman import`. */
export async function makeImageTar(path: string): Promise<void> {
  const tree = await Deno.makeTempDir();
  try {
    for (const dir of ["bin", "etc", "tmp", "www"]) await Deno.mkdir(`${tree}/${dir}`);
    await Deno.copyFile(await $.which("busybox") ?? "/bin/busybox", `${tree}/bin/busybox`);
    for (const applet of await $`busybox --list`.lines()) {
      if (applet !== "busybox") await Deno.symlink("busybox", `${tree}/bin/${applet}`);
    }
    await Deno.writeTextFile(`${tree}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
    await $`tar -C ${tree} -cf ${path} .`;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

/** One field of a container, by podman's template; empty when there is no such container. */
export async function inspect(container: string, template: string): Promise<string> {
  const { code, stdout } = await $`podman inspect --format ${template} ${container}`.noThrow()
    .quiet();
  return code === 0 ? stdout.trim() : "";
}
