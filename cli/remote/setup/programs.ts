/** The programs that `sns host setup` runs on hosts as root, as text for `Host.run`. */
import prelude from "../prelude.sh" with { type: "text" };
import asRoot from "./as_root.sh" with { type: "text" };
import confirm from "./confirm.sh" with { type: "text" };
import firewall from "./firewall.sh" with { type: "text" };
import firewallNft from "./firewall_nft.sh" with { type: "text" };
import firewallOthers from "./firewall_others.sh" with { type: "text" };
import guard from "./guard.sh" with { type: "text" };
import guarded from "./guarded.sh" with { type: "text" };
import keys from "./keys.sh" with { type: "text" };
import lockRoot from "./lock_root.sh" with { type: "text" };
import packages from "./packages.sh" with { type: "text" };
import machine from "./machine.sh" with { type: "text" };
import podman from "./podman.sh" with { type: "text" };
import program from "./program.sh" with { type: "text" };
import service from "./service.sh" with { type: "text" };
import users from "./users.sh" with { type: "text" };
import sshd from "./sshd.sh" with { type: "text" };
import steps from "./steps.sh" with { type: "text" };
import superuser from "./superuser.sh" with { type: "text" };

const begin = prelude + steps;

/** Their first argument is `look` or `do`; the others stand at the head of each file. */
export const SETUP_PROGRAMS = {
  superuser: begin + packages + keys + superuser,
  sshd: begin + guard + sshd,
  lockRoot: begin + lockRoot,
  users: begin + guard + keys + users,
  podman: begin + packages + podman,
  machine: begin + machine,
  program: begin + program,
  service: begin + service,
  /** `keep` as the first argument makes it outlive a boot. */
  firewall: begin + packages + guard + firewallNft + firewallOthers + firewall,
  confirm: begin + guard + confirm,
  guarded: begin + guard + guarded,
} as const;

/** Runs one of them as root; its text is the first argument. */
export const AS_ROOT = asRoot;
