/** The program that looks at a host, as a simulated host runs it. */
import { sha256 } from "./sha256.ts";
import { firstLine, type Program, requireInitialised, type System } from "./system.ts";

/** The releases there are, as `pods/<pod>/release/<version>`. */
function releasesOf({ tree }: System): string[] {
  const visible = (path: string) => tree.names(path).filter((name) => !name.startsWith("."));
  return visible("pods").flatMap((pod) =>
    visible(`pods/${pod}/release`).map((version) => `pods/${pod}/release/${version}`)
  );
}

export function* observe(system: System): Program {
  const { tree, print } = system;
  const record = (...fields: readonly string[]) =>
    print(fields.map((field) => `${field}\0`).join(""));
  requireInitialised(system);
  yield "call";
  const fence = /^fence=(.*)$/m.exec(tree.read(".sns-lock") ?? "")?.[1];
  record("fence", "-", "-", tree.isFile(".sns-lock") ? fence ?? "" : "0");
  yield "call";
  record("id", "-", "-", firstLine(system, "cluster-id.txt"));
  yield "call";
  const chain = tree.read("commit-chain.txt");
  if (chain !== undefined) record("chain", "-", "-", chain.replace(/\n+$/, ""));
  yield "call";
  const hosts = tree.read("hosts.conf");
  if (hosts !== undefined) record("hosts", "-", "-", `${hosts}x`);
  for (const release of releasesOf(system)) {
    yield "call";
    if (!tree.isFile(`${release}/pod.state`)) continue;
    const [, pod = "", , version = ""] = release.split("/");
    record("release", pod, version, firstLine(system, `${release}/pod.state`));
    for (const [name, sums] of configsOf(system, release)) {
      record("config", `${pod}/${version}`, name, sums);
    }
  }
  yield "call";
  const files = ["pod", "pod.portmappings.conf", "pod.ingress.conf"].flatMap((name) =>
    releasesOf(system).map((release) => `${release}/${name}`).filter((path) => tree.isFile(path))
  );
  const sums = files.map((path) => `${sha256(tree.read(path)!)}  ${path}`);
  if (sums.length > 0) record("sums", "-", "-", sums.join("\n"));
}

function configsOf(system: System, release: string): [string, string][] {
  const { tree } = system;
  const dir = `${release}/config`;
  return tree.names(dir).filter((entry) => !entry.startsWith(".")).flatMap((entry) => {
    let name = entry;
    if (!tree.isDir(`${dir}/${entry}`)) {
      // A checksum without its directory is a removal that did not finish.
      if (!entry.endsWith(".txt")) return [];
      name = entry.slice(0, -4);
      if (tree.isDir(`${dir}/${name}`)) return [];
    }
    const checksum = firstLine(system, `${dir}/${name}.txt`) || "-";
    const shape = firstLine(system, `${dir}/.${name}.shape`) || "-";
    return [[name, `${checksum} ${shape}`]];
  });
}
