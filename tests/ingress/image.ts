/**
 * An image for the official ingress pod that is made here, as no registry is asked: HAProxy, dash as its
 * shell, wget and timeout of this machine with the libraries they link to, and busybox for the rest.
 */
import $ from "dax";
import { dirname, join } from "node:path";

/** The image's name, as `ingress_image` in cluster-vars.env has it. */
export const INGRESS_IMAGE = "localhost/sns-ingress:2";

/**
 * Where the image has the programs of this machine. Busybox's static wget dies of looking up any name, and
 * its timeout prefers that wget to all others.
 */
const PROGRAMS: Readonly<Record<string, string>> = {
  haproxy: "usr/sbin/haproxy",
  dash: "bin/sh",
  wget: "usr/bin/wget",
  timeout: "usr/bin/timeout",
};

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
  "etc/group": "root:x:0:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/** Which programs this machine lacks for the image; `undefined` when there is nothing in the way. */
export async function whyNoIngressImage(): Promise<string | undefined> {
  for (const program of [...Object.keys(PROGRAMS), "busybox", "ldd", "tar"]) {
    if (await $.which(program) === undefined) return `no ${program} here`;
  }
  return undefined;
}

/** Makes {@link INGRESS_IMAGE} in the podman of the present user, unless it is there, and gives its name. */
export async function makeIngressImage(): Promise<string> {
  const { code } = await $`podman image exists ${INGRESS_IMAGE}`.noThrow().quiet();
  if (code === 0) return INGRESS_IMAGE;
  const tar = await Deno.makeTempFile({ suffix: ".tar" });
  try {
    await makeIngressImageTar(tar);
    await $`podman import -q ${tar} ${INGRESS_IMAGE}`.quiet();
  } finally {
    await Deno.remove(tar);
  }
  return INGRESS_IMAGE;
}

/** Writes the root directory of {@link INGRESS_IMAGE} as a tar, for `podman import`. */
export async function makeIngressImageTar(path: string): Promise<void> {
  const tree = await Deno.makeTempDir();
  try {
    for (const dir of ["bin", "usr/bin", "usr/sbin", "etc", "tmp", "run", "proc", "sys", "dev"]) {
      await Deno.mkdir(join(tree, dir), { recursive: true });
    }
    await Deno.chmod(join(tree, "tmp"), 0o1777);
    for (const [file, text] of Object.entries(FILES)) {
      await Deno.writeTextFile(join(tree, file), text);
    }
    for (const [name, to] of Object.entries(PROGRAMS)) await addProgram(tree, name, to);
    await addBusybox(tree);
    await $`tar -C ${tree} --numeric-owner --owner=0 --group=0 -cf ${path} .`;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

/** Copies a program and what it links to, each library to where it is here. */
async function addProgram(tree: string, name: string, to: string): Promise<void> {
  const program = (await $.which(name))!;
  await Deno.copyFile(program, join(tree, to));
  for (const [, library] of (await $`ldd ${program}`.text()).matchAll(/\s(\/\S+) \(/g)) {
    const target = join(tree, library!);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(library!, target);
  }
}

/** All applets that the image has no program of its own for. */
async function addBusybox(tree: string): Promise<void> {
  await Deno.copyFile((await $.which("busybox"))!, join(tree, "bin/busybox"));
  for (const applet of await $`busybox --list`.lines()) {
    if (!["busybox", "sh", "wget", "timeout"].includes(applet)) {
      await Deno.symlink("busybox", join(tree, "bin", applet));
    }
  }
}
