/**
 * Boots the hosts that the tests use and opens a shell at the operator's place; all is gone when it ends.
 *
 *   sudo sh scripts/hosts.sh [command...]
 */
import { join } from "node:path";
import { HOSTS, HostsCluster } from "./cluster.ts";
import { whyNoHosts } from "./place.ts";

const why = await whyNoHosts();
if (why) {
  console.error(`No hosts here: ${why}`);
  Deno.exit(1);
}

/** ssh to each host as root, through the jump host where there is no other way. */
function sshConfig({ lab }: HostsCluster): string {
  const all = `Host *\n  User root\n  IdentityFile ${lab.key}\n  StrictHostKeyChecking no\n` +
    "  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n";
  const inner = HOSTS.map((name) =>
    `Host ${name}\n  HostName ${lab.address(name, "back")}\n  ProxyJump door\n`
  );
  return `Host door\n  HostName ${lab.address("door")}\n${inner.join("")}${all}`;
}

async function main(words: readonly string[]): Promise<number> {
  await using cluster = await HostsCluster.create({ image: true });
  const { dir } = cluster.operator;
  await Deno.writeTextFile(join(dir, "ssh_config"), sshConfig(cluster));
  const enter = join(dir, "enter");
  await Deno.writeTextFile(enter, `#!/bin/sh\nexec ssh -F "${dir}/ssh_config" "$@"\n`, {
    mode: 0o755,
  });
  console.error(
    `The cluster project is here. Root's shell on a host: ${enter} door|${
      HOSTS.join("|")
    } [command]`,
  );
  const shell = cluster.lab.command(cluster.operator, words.length > 0 ? words : ["bash"], {
    cwd: cluster.project,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return (await shell.status).code;
}

// Ctrl-C is for what runs in the shell.
Deno.addSignalListener("SIGINT", () => {});
Deno.exit(await main(Deno.args));
