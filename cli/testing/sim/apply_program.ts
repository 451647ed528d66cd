/** The program that puts a delivery into place, as a simulated host runs it. */
import { unpackFiles } from "./bundle.ts";
import { sha256 } from "./sha256.ts";
import { CallError } from "./tree.ts";
import {
  call,
  fail,
  orFail,
  type Program,
  removeTree,
  replaceTree,
  requireInitialised,
  requireLock,
  type System,
  takeMutex,
} from "./system.ts";

export function* apply(system: System): Program {
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
