/** Projects and hosts of the original system are taken over, and it can go on with what this one leaves. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  originalInventory,
  originalLock,
  originalRelease,
  originalUnpack,
  writeTree,
} from "./testing/original.ts";
import { podYaml, TestProject } from "./testing/project.ts";

const CONFIG = { "a.conf": "old\n", "b.conf": "same\n" };
const OLD = { version: "0.9.0", state: "removed", port: 30000, config: CONFIG };
const RUNNING = { version: "1.0.0", state: "running", port: 30001, config: CONFIG };

/** host.env as the original writes it, comments and all. */
const hostEnv = (home: string, address: string) =>
  `# Host address\nHOST=local\n\n# SSH\nPORT=22\nUSER=sns\nFLAGS=-oConnectTimeout=30\nKEYFILE=id_rsa\nJUMPHOST=
EXPOSE=80 443\nINTERNAL=192.168.0.0/16 10.0.0.0/8 172.16.0.0/11\nHOSTHOME=${home}\nROUTERADDRESS=${address}:32767\n`;

const git = async (project: TestProject, ...args: string[]) => (await project.git(...args)).trim();

/** The commit chain that the original keeps: abbreviated ids of everything, the oldest first. */
const chainOf = async (project: TestProject) =>
  (await git(project, "log", "--reverse", "--all", "--format=%h")).split("\n").join(" ");

/** A project of the original with two hosts, synced by it one commit ago. */
async function originalCluster(): Promise<TestProject> {
  const project = await TestProject.create([]);
  for (const [index, host] of ["h1", "h2"].entries()) {
    const pods = { ...originalRelease(OLD, false), ...originalRelease(RUNNING, false) };
    writeTree(project.path(host), {
      "host.env": hostEnv(project.home(host), `127.0.0.${index + 2}`),
      "host.state": "active\n",
      "pods/web/log.txt": "2020-05-01 12:00:00 1588327200 me ATTACHED\n",
      ...pods,
    });
  }
  await project.write({
    "_config/web/conf/a.conf": CONFIG["a.conf"],
    "_config/web/conf/b.conf": CONFIG["b.conf"],
    "_synclogs/1588327200.777.sync.log.txt": "[SYNC]  Host: h1\n\n",
    "log.txt": "2020-05-01 12:00:00 1588327200 me CREATED-CLUSTER-PROJECT\n",
  });
  await project.commit("by the original");
  const chain = await chainOf(project);
  const id = await Deno.readTextFile(project.path("cluster-id.txt"));
  for (const host of ["h1", "h2"]) {
    const [own, other] = host === "h1" ? ["2", "3"] : ["3", "2"];
    const release = "pods/web/release/1.0.0";
    writeTree(project.home(host), {
      "cluster-id.txt": id,
      "commit-chain.txt": `${chain}\n`,
      "hosts.conf": `127.0.0.${own}:32767\n127.0.0.${other}:32767\n`,
      "portmappings.conf": "61001:30001:4096:false \n",
      ...originalRelease(OLD, true),
      ...originalRelease(RUNNING, true),
      [`${release}/.pod.status`]: "pod: web-1.0.0\nstatus: running\nreadiness: 1\n",
      [`${release}/log/web-web-1.0.0-stdout.log`]: "1588327201 0 hello\n",
    });
  }
  return project;
}

Deno.test("a cluster of the original is planned as up to date, and its data stays", async () => {
  await using project = await originalCluster();
  strictEqual((await project.run("host ls -s")).stdout, "h1 active\nh2 active\n");
  strictEqual(
    await project.ok("pod ls @h1"),
    "web:0.9.0@h1 removed\nweb:1.0.0@h1 running\n",
  );
  const { hosts } = JSON.parse((await project.run("cluster plan --json")).stdout);
  deepStrictEqual(
    hosts.map((
      each: Record<string, unknown>,
    ) => [each["verdict"], each["operations"], each["changed"]]),
    [["equal", [{ kind: "chain" }], []], ["equal", [{ kind: "chain" }], []]],
    "only the commits are written down in full",
  );
  // A lock whose holder died.
  const token = project.home("h1", "lock-token.txt");
  await Deno.writeTextFile(token, "4711\n");
  const old = new Date(Date.now() - 60_000);
  await Deno.utime(token, old, old);
  const before = originalInventory(project.home("h1"));
  await project.ok("cluster sync");
  deepStrictEqual(originalInventory(project.home("h1")), before);
  const release = project.home("h1", "pods/web/release/1.0.0");
  match(await Deno.readTextFile(`${release}/.pod.status`), /running/);
  strictEqual(
    await Deno.readTextFile(`${release}/log/web-web-1.0.0-stdout.log`),
    "1588327201 0 hello\n",
  );
  const chain = await Deno.readTextFile(project.home("h1", "commit-chain.txt"));
  const short = (await chainOf(project)).split(" ");
  const ids = chain.trimEnd().split(" ");
  ok(ids.length === short.length && ids.every((id, n) => id.startsWith(short[n]!)), chain);
  strictEqual((await project.run("cluster plan")).code, 0);
});

Deno.test("new versions beside the original's: ports, configs and states go on", async () => {
  await using project = await originalCluster();
  await project.write({
    "_pods/web/pod.yaml": podYaml("1.1.0"),
    "cluster-vars.env": "web_greeting=hi\n",
    "_config/web/conf/a.conf": "new\n",
  });
  await project.ok("pod compile web");
  const mappings = await Deno.readTextFile(
    project.path("h1/pods/web/release/1.1.0/pod.portmappings.conf"),
  );
  // What the running release has is taken, what the removed one had is taken last.
  strictEqual(mappings, "61002:30002:4096:false\n");
  await project.ok("pod updateconfig web:1.0.0");
  await project.ok("pod state web:1.0.0 -s stopped");
  await project.commit();
  const config = project.home("h1", "pods/web/release/1.0.0/config/conf");
  const { ino } = await Deno.stat(config);
  await project.ok("cluster sync");
  strictEqual((await Deno.stat(config)).ino, ino);
  strictEqual(await Deno.readTextFile(`${config}/a.conf`), "new\n");
  const inventory = originalInventory(project.home("h1"));
  ok(inventory.includes("web:1.0.0:stopped") && inventory.includes("web:1.1.0:running"));
  // The original compares these with the checksums that stand in the project: it finds nothing to do.
  for (const version of ["1.0.0", "1.1.0"]) {
    const path = `h1/pods/web/release/${version}/config/conf.txt`;
    const checksum = (await Deno.readTextFile(project.path(path))).trim();
    ok(inventory.includes(`web:${version}:conf:${checksum}`), inventory.join("\n"));
  }
  ok(inventory.includes(":hosts:127.0.0.2:32767;127.0.0.3:32767"));
});

Deno.test("the original's sync in between is no harm, in either order", async () => {
  await using project = await originalCluster();
  await project.ok("cluster sync");
  const home = project.home("h1");
  // It changes a config and adds a file to it; its chain has abbreviated ids.
  const config = { "a.conf": "newer\n", "b.conf": "same\n", "c.conf": "more\n" };
  writeTree(project.path("h1"), originalRelease({ ...RUNNING, config }, false));
  await project.commit("by the original again");
  ok(originalLock(home, "4711"), "our lock is given back");
  match(await project.fails("cluster sync"), /locked by a sync of an older program \(token 4711\)/);
  originalUnpack(home, "1.0.0", config);
  await Deno.writeTextFile(`${home}/commit-chain.txt`, `${await chainOf(project)}\n`);
  await Deno.remove(`${home}/lock-token.txt`);
  await project.ok("cluster sync");
  strictEqual((await project.run("cluster plan")).code, 0);
  await project.ok("cluster diff");
  strictEqual(
    await Deno.readTextFile(`${home}/pods/web/release/1.0.0/config/conf/c.conf`),
    "more\n",
  );
});

Deno.test("the original does not get a lock that a sync here holds", async () => {
  await using project = await originalCluster();
  const home = project.home("h1");
  const silent = () => {};
  let tries = 0;
  // What is done on a host is said while its lock is held.
  const info = (text: string) => {
    if (!text.startsWith("h1: ")) return;
    tries++;
    ok(!originalLock(home, "4711"), "the original took the lock");
  };
  project.overrides = { log: { error: silent, warn: silent, ok: silent, debug: silent, info } };
  strictEqual((await project.run("cluster sync")).code, 0);
  ok(tries > 0);
  ok(originalLock(home, "4711"));
});
