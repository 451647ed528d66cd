/** A user who prepares a host home against root and against the others: nothing outside changes, all others are served. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { isAlive } from "../process_table.ts";
import { text, until } from "../testing/home.ts";
import type { Machine, MachineUser } from "../testing/machine.ts";
import { SystemDaemon, systemTest } from "../testing/system_daemon.ts";

/** Names, kinds, owners, modes, sizes, times and texts of all below `dir`. */
async function snapshot(dir: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'cd "$1" && find . -printf "%p %y %U:%G %m %s %T@ %l\\n" | sort && find . -type f | sort | xargs cat',
      "sh",
      dir,
    ],
  }).output();
  return new TextDecoder().decode(stdout);
}

/** What root has that a user would like to see changed, with a home in it that looks like one to serve. */
async function treasure(machine: Machine): Promise<string> {
  const dir = `${machine.dir}/treasure`;
  const release = `${dir}/home/pods/evil/release/1.0.0`;
  await Deno.mkdir(release, { recursive: true });
  await Deno.writeTextFile(`${dir}/secret`, "secret\n", { mode: 0o600 });
  await Deno.writeTextFile(`${dir}/home/cluster-id.txt`, "x\n");
  await Deno.writeTextFile(`${release}/pod.state`, "running\n");
  await Deno.writeTextFile(`${release}/pod.action`, "rerun\n");
  await Deno.writeTextFile(`${release}/pod`, `#!/bin/sh\nid >${dir}/run\n`, { mode: 0o755 });
  await Deno.chmod(`${release}/pod`, 0o755);
  await Deno.mkdir(`${dir}/victim`);
  return dir;
}

/** Fills the user's home with traps; `$1` is the treasure, `$2` the other user's host home. */
const TRAPS = `
mkdir .simplenetes-homes links fifos files trees loop
ln -s "$1/home" .simplenetes-homes/root
ln -s "$2" .simplenetes-homes/other
ln -s / .simplenetes-homes/all
ln -s "$1/home" root
# A home whose own files are links.
mkdir links/pods
echo x >links/cluster-id.txt
for name in portmappings.conf .simplenetesd.lock .simplenetesd.status hosts.conf; do
  ln -s "$1/secret" "links/$name"
done
# One with pipes that nobody writes.
mkdir -p fifos/pods/a/release/1.0.0
mkfifo fifos/hosts.conf fifos/portmappings.conf fifos/.simplenetesd.status
echo x >fifos/cluster-id.txt
(cd fifos/pods/a/release/1.0.0; mkfifo pod.action .pod.status pod.portmappings.conf; echo running >pod.state)
# One with files that are too large, or cannot be read.
mkdir -p files/pods/a/release/1.0.0 files/pods/b/release/1.0.0 files/pods/c/release/1.0.0
echo x >files/cluster-id.txt
for pod in a b c; do
  printf '#!/bin/sh\\necho called >>called\\n' >"files/pods/$pod/release/1.0.0/pod"
  chmod 755 "files/pods/$pod/release/1.0.0/pod"
done
truncate -s 100G files/hosts.conf files/pods/a/release/1.0.0/pod.state files/pods/a/release/1.0.0/.pod.status
echo running >files/pods/b/release/1.0.0/pod.state; chmod 0 files/pods/b/release/1.0.0/pod.state
printf '#!/bin/sh\\necho called >>called\\nyes "a line of many" | head -n 1000000\\nyes no | head -n 1000000 >&2\\nexit 1\\n' >files/pods/c/release/1.0.0/pod
echo running >files/pods/c/release/1.0.0/pod.state
# One whose trees lead elsewhere, and in circles.
echo x >trees/cluster-id.txt
ln -s "$1/home/pods" trees/pods
echo x >loop/cluster-id.txt
mkdir -p loop/pods/a
ln -s ../../pods loop/pods/a/release
`;

async function prepare(machine: Machine, mallory: MachineUser, outside: string, other: string) {
  const pipe = `${mallory.home}/fifos/pods/a/release/1.0.0/pod`;
  await machine.as(mallory, TRAPS, outside, other);
  await machine.as(mallory, 'printf "#!/bin/sh\\n" >"$1"; chmod 755 "$1"', pipe);
}

systemTest("a hostile home changes nothing outside and holds nobody up", async (machine) => {
  const [mallory, bob] = machine.users;
  const outside = await treasure(machine);
  const home = await machine.hostHome(bob);
  const api = await machine.pod(bob, home, "api", "running");
  await prepare(machine, mallory, outside, home);
  const before = await snapshot(outside);
  await using daemon = new SystemDaemon(machine);
  await until("the other's run", async () => (await api.calls()).length === 1);
  const files = `${mallory.home}/files/pods`;
  await until(
    "the noisy pod twice",
    async () => (await text(`${files}/c/release/1.0.0/called`)).length > 10,
  );
  // Pipes that appear while the directories are watched, and a home's process that stands still.
  await machine.as(mallory, 'mkfifo "$1/x" "$1/pods/y"', `${mallory.home}/files`);
  const servedFor = async (name: string) =>
    (await daemon.served()).filter(({ user }) => user === name);
  await until("four of its homes", async () => (await servedFor(mallory.name)).length === 4);
  const mine = await servedFor(mallory.name);
  for (const { pid } of mine) Deno.kill(pid!, "SIGSTOP");
  await until("the other is under way", () => daemon.log.includes("run done"));
  for (const state of ["stopped", "removed"]) {
    const calls = (await api.calls()).length;
    await api.setState(state);
    await until(`the other's reaction`, async () => (await api.calls()).length > calls);
  }
  for (const { pid } of mine) if (isAlive(pid!)) Deno.kill(pid!, "SIGCONT");

  strictEqual(await snapshot(outside), before);
  strictEqual(await text(`${files}/a/release/1.0.0/called`), "", "its state cannot be read");
  strictEqual(await text(`${files}/b/release/1.0.0/called`), "");
  const homes = (await daemon.status()).homes.map(({ home }) => home);
  deepStrictEqual(
    homes.filter((path) => !path.startsWith(`${mallory.home}/`)),
    [home],
    "homes of others, or of root",
  );
  ok((await Deno.lstat(`${outside}/secret`)).mode! % 0o1000 === 0o600);
});

/** Exchanges directories for links to the treasure `$1` and back, as fast as it can. */
const SWAPS = `
mkdir -p many/pods swapped/pods/web/release
echo x >many/cluster-id.txt
echo x >swapped/cluster-id.txt
cp -r "$2" swapped/pods/web/release/1.0.0
ln -s "$1/home/pods/evil/release/1.0.0" linked-release
ln -s "$1/home/pods" linked-pods
ln -s "$1/home" linked-home
(cd many/pods; seq -f "p%g/release/1.0.0" 2000 | xargs mkdir -p)
`;
const SWAPPING = `
swap() { mv "$1" aside && mv -T "$2" "$1" && mv -T "$1" "$2" && mv aside "$1"; }
n=0
while [ ! -e end ]; do
  n=$((n + 1))
  swap swapped/pods/web/release/1.0.0 linked-release
  swap swapped/pods linked-pods
  [ $((n % 20)) != 0 ] || swap swapped linked-home
done
echo "$n"
`;

systemTest(
  "directories that are exchanged while the daemon works lead it nowhere",
  async (machine) => {
    const [mallory, bob] = machine.users;
    const outside = await treasure(machine);
    const api = await machine.pod(bob, await machine.hostHome(bob), "api", "running");
    const web = await machine.pod(mallory, await machine.hostHome(mallory), "web", "running");
    await machine.as(mallory, SWAPS, outside, web.dir);
    const before = await snapshot(outside);
    await using daemon = new SystemDaemon(machine);
    const swapping = machine.as(mallory, SWAPPING);
    await until("the other's run", () => daemon.log.includes("Pod api/1.0.0: run done"));
    for (let round = 0; round < 4; round += 1) {
      const calls = (await api.calls()).length;
      await api.setState(round % 2 === 0 ? "stopped" : "running");
      await until("the other's reaction", async () => (await api.calls()).length > calls);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const rss = /^VmRSS:\s+(\d+)/m.exec(await text(`/proc/${daemon.child.pid}/status`))?.[1];
    ok(Number(rss) < 256 * 1024, `root's process has ${rss} kB`);
    await machine.as(mallory, ": >end");
    ok(Number(await swapping) > 20, "hardly anything was exchanged");
    strictEqual(await snapshot(outside), before);
  },
);

systemTest(
  "more homes than an account may have are an error of that account alone",
  async (machine) => {
    const [mallory, bob] = machine.users;
    const home = await machine.hostHome(bob);
    await machine.as(
      mallory,
      "for n in $(seq 40); do mkdir -p home$n/pods; echo x >home$n/cluster-id.txt; done",
    );
    await using daemon = new SystemDaemon(machine);
    await until("the other's home", async () => (await daemon.served()).length === 1);
    await until("the error", () => /homes of ann: there are 40, more than 16/.test(daemon.log));
    deepStrictEqual((await daemon.served()).map((served) => served.home), [home]);
  },
);
