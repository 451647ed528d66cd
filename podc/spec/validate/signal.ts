/** `signal` and `stopSignal` of containers and executables. */
import { nearest } from "../nearest.ts";
import type { Signal } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { list, words } from "../schema/list.ts";
import { type DraftOf, object, optional } from "../schema/object.ts";
import { refuse, scalar } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import { argvOf } from "./argv.ts";
import type { Context } from "./context.ts";

/** Signals that Linux has everywhere and that all shells know by name. */
const SIGNALS = [
  ...["HUP", "INT", "QUIT", "TERM", "KILL", "USR1", "USR2", "ALRM", "CONT", "STOP", "TSTP"],
  ...["TTIN", "TTOU", "WINCH", "URG", "IO", "PWR", "PIPE", "ABRT", "TRAP", "CHLD", "PROF"],
  ...["VTALRM", "XCPU", "XFSZ", "SYS", "ILL", "BUS", "FPE", "SEGV"],
];
const REAL_TIME = /^RT(?:MIN(?:\+(?:[1-9]|1[0-5]))?|MAX(?:-(?:[1-9]|1[0-4]))?)$/;

/** A signal by name, with SIG before it or without. The value is without. */
export const signalName = scalar({ type: "string" }, (text) => {
  const name = text.replace(/^SIG/, "");
  if (SIGNALS.includes(name) || REAL_TIME.test(name)) return name;
  const near = nearest(name.replace(/^sig/i, ""), SIGNALS);
  return refuse(
    `is ${show(text)}, but must be the name of a signal, such as HUP`,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
});

const ENTRY = object({
  sig: optional(signalName, "Signal for the first process", "HUP"),
  cmd: optional(words(), "Command to run instead", ["nginx", "-s", "reload"]),
}, { instead: { signal: "did you mean sig?", command: "did you mean cmd?" } });

const SIGNAL = list(ENTRY);

export const SIGNAL_FIELD = optional(
  SIGNAL,
  "One entry: how it is told that a config has changed, or what it waits for has happened",
  [{ sig: "HUP" }],
);

/** The signal of a draft; `undefined` when there is none, or it is wrong. */
export function toSignal(
  found: Found<readonly Found<DraftOf<typeof ENTRY>>[]> | undefined,
  { reporter }: Context,
): Signal | undefined {
  const [first, second] = found?.value ?? [];
  if (second) {
    const hint = "put several steps into one cmd: [sh, -c, …]";
    reporter.error(second.at, "signal has one entry only, this is the second", hint);
  }
  if (!first?.value) return undefined;
  const { fields: { sig, cmd }, at } = first.value;
  if (sig && cmd) {
    reporter.error(cmd.key, `cmd cannot stand beside sig, which is on ${reporter.place(sig.key)}`);
  } else if (!sig && !cmd) {
    reporter.error(at, "signal has neither sig nor cmd", "add sig: HUP");
  }
  if (sig) return sig.value === undefined ? undefined : { kind: "sig", name: sig.value };
  const argv = argvOf(cmd, "cmd", reporter);
  return argv && { kind: "cmd", argv };
}
