/** A machine with a real systemd, booted from a copy-on-write view of this one's own root directory. */
const NAME = `sns-daemon-${Deno.pid}`;
const DIR = `/var/tmp/${NAME}`;
const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Boots again when it was asked to reboot, which systemd-nspawn says with 133. */
const BOOT = `set -eu
mount --make-rprivate /
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "$1/upper" "$1/root" /run/systemd/nspawn
mount -t tmpfs tmpfs "$1/upper"
mkdir "$1/upper/files" "$1/upper/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper/files,workdir=$1/upper/work" "$1/root"
mount -t tmpfs tmpfs /run/systemd/nspawn
mkdir -p "/sys/fs/cgroup/$2"
echo $$ >"/sys/fs/cgroup/$2/cgroup.procs"
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
: >"$1/root/etc/machine-id"
mkdir -p "$1/root/opt/simplenetes" "$1/root/opt/deno_dir"
: >"$1/root/opt/deno"
status=133
while [ $status = 133 ]; do
  status=0
  systemd-nspawn --quiet --boot --register=no --keep-unit -M "$2" -D "$1/root" --private-network \\
    --link-journal=no --resolv-conf=off --timezone=off --console=pipe \\
    --bind-ro="$3:/opt/simplenetes" --bind-ro="$4:/opt/deno" --bind-ro="$5:/opt/deno_dir" \\
    --system-call-filter='add_key keyctl bpf' systemd.unit=multi-user.target || status=$?
done`;

/** Why there can be no such machine; `undefined` when there can. */
export function whyNoSystemd(): string | undefined {
  if (Deno.uid() !== 0) return "only root can boot a machine";
  if (!Deno.env.get("DENO_DIR")) return "DENO_DIR is not set";
  const missing = ["/usr/bin/systemd-nspawn", "/usr/lib/systemd/systemd"].filter((path) => {
    try {
      return !Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
  });
  return missing.length === 0 ? undefined : `${missing.join(" and ")} is missing`;
}

export class SystemdMachine implements AsyncDisposable {
  readonly #boot: Deno.ChildProcess;

  constructor() {
    Deno.mkdirSync(DIR);
    this.#boot = new Deno.Command("unshare", {
      args: [
        ...["-m", "--propagation", "private", "sh", "-c", BOOT, "sh", DIR, NAME, ROOT],
        ...[Deno.execPath(), Deno.realPathSync(Deno.env.get("DENO_DIR")!)],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  }

  /** Runs a shell script as root inside; gives its output, or throws with what went wrong. */
  async run(script: string, ...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("timeout", {
      args: ["60", "nsenter", "-t", await this.#init(), "-a", "sh", "-euc", script, "sh", ...args],
      clearEnv: true,
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C" },
    }).output();
    if (!success) throw new Error(`${script}: ${decode(stdout)}${decode(stderr)}`);
    return decode(stdout).trim();
  }

  /** Whether `script` succeeds inside; a machine that is down is a no. */
  async is(script: string): Promise<boolean> {
    try {
      await this.run(script);
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }

  /** The pid of its systemd, as this machine counts: the child of systemd-nspawn. */
  async #init(): Promise<string> {
    const childOf = async (pid: string) =>
      (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).trim().split(" ")[0] ?? "";
    const nspawn = await childOf(String(this.#boot.pid));
    const init = nspawn && await childOf(nspawn);
    if (!init) throw new Error("the machine is down");
    return init;
  }

  /** Ends all of its processes; the mounts go with them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const mounts = await Deno.readTextFile("/proc/self/mounts");
    const parent = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
    const group = `${parent}/${NAME}`;
    await Deno.writeTextFile(`${group}/cgroup.kill`, "1");
    await this.#boot.status;
    // The last ones die a moment after their boot process.
    const remove = `for round in $(seq 100); do
      if grep -q "populated 0" "$1/cgroup.events"; then break; fi
      sleep 0.1
    done
    find "$1" -depth -type d -exec rmdir {} \\; && rm -rf "$2"`;
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", remove, "sh", group, DIR],
    }).output();
    if (!success) throw new Error(`Cannot clean up ${group}: ${decode(stderr)}`);
  }
}
