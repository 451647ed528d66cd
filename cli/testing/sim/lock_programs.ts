/** The programs that take, keep and give back a host's lock, as a simulated host runs them. */
import { REMOTE_EXIT } from "../../remote/programs.ts";
import {
  call,
  fail,
  firstLine,
  freeLock,
  orFail,
  type Program,
  put,
  readLock,
  requireInitialised,
  requireLock,
  type System,
  takeMutex,
  writeLock,
} from "./system.ts";

export function* lock(system: System): Program {
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

export function* heartbeat(system: System): Program {
  const { tree, args, now } = system;
  const [token = "", fence = "", seconds = ""] = args;
  yield* takeMutex(system);
  const held = requireLock(system, token, fence);
  yield* writeLock(system, { ...held, expires: now() + Number(seconds) });
  yield* orFail("cannot touch", call(() => tree.touch("lock-token.txt", now())));
}

export function* unlock(system: System): Program {
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

export function* breakLock(system: System): Program {
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
