/** `capAdd` and `capDrop` of a container. */
import { nearest } from "../nearest.ts";
import { type Reporter, show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { refuse, scalar } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";

const CAPABILITIES = [
  ...["ALL", "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF"],
  ...["CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID"],
  ...["IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE"],
  ...["MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT"],
  ...["SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE"],
  ...["SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"],
];

/** Names with CAP_ before them or without; the values are without. */
export const CAPABILITY_LIST = list(scalar({ type: "string" }, (text) => {
  const name = text.replace(/^CAP_/, "");
  if (CAPABILITIES.includes(name)) return name;
  const near = nearest(name.replace(/^cap_/i, ""), CAPABILITIES);
  return refuse(
    `is ${show(text)}, but must be the name of a capability, such as NET_ADMIN, or ALL`,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
}));

type Names = Found<readonly Found<string>[]> | undefined;

/** Reports what is both added and dropped. */
export function checkCapabilities(add: Names, drop: Names, reporter: Reporter): void {
  for (const dropped of drop?.value ?? []) {
    const added = add?.value?.find(({ value }) => value !== undefined && value === dropped.value);
    if (!added) continue;
    reporter.error(
      dropped.at,
      `capDrop has ${dropped.value}, which capAdd on ${reporter.place(added.at)} has too`,
    );
  }
}

/** The names, each once. */
export function capabilities(found: Names): readonly string[] {
  return [...new Set((found?.value ?? []).flatMap(({ value }) => value ?? []))];
}
