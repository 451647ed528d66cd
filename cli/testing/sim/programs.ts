/** The programs of `cli/remote/*.sh` as a simulated host runs them; conformance_test.ts compares the two. */
import { createHash } from "node:crypto";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../../remote/programs.ts";
import { unpackFiles } from "./bundle.ts";
import { CallError } from "./tree.ts";
import {
  call,
  fail,
  firstLine,
  freeLock,
  orFail,
  type Program,
  put,
  readLock,
  removeTree,
  replaceTree,
  requireInitialised,
  requireLock,
  type System,
  takeMutex,
  writeLock,
} from "./system.ts";

type Name = keyof typeof REMOTE_PROGRAMS;

/** The programs that a sync runs, and those of `host unlock`. */
export const SIM_PROGRAMS = {
  observe,
  lock,
  lockAndObserve,
  heartbeat,
  unlock,
  apply,
  breakLock,
} satisfies Partial<Record<Name, (system: System) => Program>>;

export type SimProgramName = keyof typeof SIM_PROGRAMS;

/** The name of a program by its text. */
export function programName(script: string): SimProgramName {
  const names = Object.keys(SIM_PROGRAMS) as SimProgramName[];
  const name = names.find((each) => REMOTE_PROGRAMS[each] === script);
  if (name === undefined) throw new Error(`No model of the program: ${script.slice(0, 2000)}`);
  return name;
}

function* lock(system: System): Program {
  const { tree, args, print } = system;
  const [token = "", owner = "", machine = "", seconds = ""] = args;
  requireInitialised(system);
  yield* takeMutex(system);
  const held = readLock(system);
  const now = system.now();
  const line = firstLine(system, "lock-token.txt");
  if (held.token !== "" && line === held.token) {
    if (held.expires > now) {
      // The clock was set back.
      if (held.expires > now + Number(seconds)) {
        held.expires = now + Number(seconds);
        yield* writeLock(system, held);
      }
      print(tree.read(".sns-lock")!);
      fail(REMOTE_EXIT.locked, "locked");
    }
  } else if (line !== "") {
    const file = tree.get("lock-token.txt");
    if (file?.kind === "file" && now - file.mtime < 10) {
      file.mtime = Math.min(file.mtime, now);
      print(`token=${line}\n`);
      fail(REMOTE_EXIT.locked, "locked");
    }
  }
  const fence = held.fence + 1;
  yield* writeLock(system, {
    fence,
    token,
    owner,
    machine,
    since: now,
    expires: now + Number(seconds),
  });
  yield* put(system, "lock-token.txt", token);
  print(`fence=${fence}\n`);
  system.dropMutex();
}

function* lockAndObserve(system: System): Program {
  yield* lock(system);
  yield* observe(system);
}

function* heartbeat(system: System): Program {
  const { tree, args, now } = system;
  const [token = "", fence = "", seconds = ""] = args;
  yield* takeMutex(system);
  const held = requireLock(system, token, fence);
  yield* writeLock(system, { ...held, expires: now() + Number(seconds) });
  yield* orFail("cannot touch", call(() => tree.touch("lock-token.txt", now())));
}

function* unlock(system: System): Program {
  const { tree, args } = system;
  const [token = "", fence = ""] = args;
  yield* takeMutex(system);
  const held = readLock(system);
  const line = firstLine(system, "lock-token.txt");
  if (held.token !== token || String(held.fence) !== fence) {
    fail(REMOTE_EXIT.lockLost, `the lock ${token} is not held any more`);
  }
  yield* freeLock(system, held);
  if (line === token) yield* call(() => tree.remove("lock-token.txt"));
}

function* breakLock(system: System): Program {
  const { tree, args } = system;
  const [fence = "", content = ""] = args;
  yield* takeMutex(system);
  const held = readLock(system);
  if (String(held.fence) !== fence || firstLine(system, "lock-token.txt") !== content) {
    fail(REMOTE_EXIT.lockLost, "it is not the same lock any more; look again");
  }
  yield* freeLock(system, { ...held, fence: held.fence + 1 });
  yield* call(() => tree.remove("lock-token.txt"));
}

/** The releases there are, as `pods/<pod>/release/<version>`. */
function releasesOf({ tree }: System): string[] {
  const visible = (path: string) => tree.names(path).filter((name) => !name.startsWith("."));
  return visible("pods").flatMap((pod) =>
    visible(`pods/${pod}/release`).map((version) => `pods/${pod}/release/${version}`)
  );
}

function* observe(system: System): Program {
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

function* apply(system: System): Program {
  const { tree, args, now } = system;
  const [token = "", fence = "", sum = ""] = args;
  requireInitialised(system);
  const staging = `.sns-staging.${fence}`;
  // The trap on EXIT; a kill -9 drops this generator, and nothing runs it.
  try {
    yield* receive(system, staging, sum);
    yield* takeMutex(system);
    requireLock(system, token, fence);
    system.ignoreSignals();
    for (const name of tree.names("")) {
      if (name.startsWith(".sns-staging.") && name !== staging) yield* removeTree(tree, name);
    }
    for (const name of tree.names("")) {
      if (name.includes(".sns-new.")) yield* call(() => tree.remove(name));
    }
    for (const line of tree.read(`${staging}/data/manifest`)!.split("\n")) {
      if (line === "") continue;
      yield* call(() => tree.touch("lock-token.txt", now()));
      yield* orFail(`cannot do: ${line}`, perform(system, staging, line));
    }
  } finally {
    yield* removeTree(tree, staging);
  }
}

function* receive({ tree, input, now }: System, staging: string, sum: string): Program {
  yield* removeTree(tree, staging);
  yield* orFail(
    `cannot make home/${staging}`,
    (function* () {
      yield* call(() => tree.mkdir(staging, 0o700));
      yield* call(() => tree.mkdir(`${staging}/data`, 0o700));
    })(),
  );
  yield "input";
  const bytes = input();
  const text = new TextDecoder().decode(bytes);
  const write = call(() => tree.write(`${staging}/tar`, text, now()));
  yield* orFail("cannot write to home", write);
  if (sha256(bytes) !== sum) fail(1, "the data arrived damaged");
  yield* orFail("cannot unpack the data in home", unpack(tree, `${staging}/data`, text, now()));
  yield* call(() => tree.remove(`${staging}/tar`));
  yield* call(() => tree.sync());
}

function* unpack(tree: System["tree"], to: string, text: string, now: number): Program {
  for (const [path, { text: content, mode }] of Object.entries(unpackFiles(text))) {
    const target = `${to}/${path}`;
    yield* call(() => tree.mkdirs(target.slice(0, target.lastIndexOf("/"))));
    yield* call(() => tree.write(target, content, now, mode));
  }
}

function* perform(system: System, staging: string, line: string): Program {
  const { tree } = system;
  const [operation = "", pod = "", version = "", name = ""] = line.split(" ");
  const release = `pods/${pod}/release/${version}`;
  const data = `${staging}/data`;
  switch (operation) {
    case "release":
      return yield* putRelease(tree, release, staging);
    case "config":
      return yield* putConfig(tree, release, name, data);
    case "unconfig":
      yield "step";
      yield* call(() => tree.remove(`${release}/config/${name}.txt`));
      yield* call(() => tree.remove(`${release}/config/.${name}.shape`));
      yield "step";
      return yield* removeTree(tree, `${release}/config/${name}`);
    case "file":
      return yield* putFile(tree, `${release}/${name}`, data);
    case "unfile":
      yield "step";
      return yield* call(() => tree.remove(`${release}/${name}`));
    case "state":
      yield "step";
      return yield* call(() =>
        tree.rename(`${data}/states/${pod}/${version}`, `${release}/pod.state`)
      );
    case "hosts":
      return yield* putFile(tree, "hosts.conf", data);
    case "chain":
      return yield* putFile(tree, "commit-chain.txt", data);
    default:
      fail(1, `unknown operation ${operation}`);
  }
}

function* putFile(tree: System["tree"], path: string, data: string): Program {
  yield "step";
  yield* call(() => tree.rename(`${data}/${path}`, path));
}

function* putRelease(tree: System["tree"], release: string, staging: string): Program {
  yield* call(() => tree.mkdirs(release.slice(0, release.lastIndexOf("/"))));
  if (tree.isFile(`${release}/pod.state`)) throw new CallError(`${release} is there already`);
  yield "step";
  yield* removeTree(tree, release);
  yield "step";
  yield* call(() => tree.rename(`${staging}/data/${release}`, release));
}

function* putConfig(
  tree: System["tree"],
  release: string,
  name: string,
  data: string,
): Program {
  const dir = `${release}/config`;
  yield* call(() => tree.mkdirs(dir));
  yield "step";
  yield* call(() => tree.remove(`${dir}/${name}.txt`));
  if (tree.isDir(`${dir}/${name}`)) {
    yield* replaceTree(tree, `${data}/${dir}/${name}`, `${dir}/${name}`);
  } else {
    yield "step";
    yield* removeTree(tree, `${dir}/${name}`);
    yield* call(() => tree.rename(`${data}/${dir}/${name}`, `${dir}/${name}`));
  }
  yield "step";
  yield* call(() => tree.rename(`${data}/${dir}/.${name}.shape`, `${dir}/.${name}.shape`));
  yield* call(() => tree.rename(`${data}/${dir}/${name}.txt`, `${dir}/${name}.txt`));
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
