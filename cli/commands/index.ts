/** All commands by their words. Each one's module is loaded only when it is needed. */
import type { Command } from "../command.ts";

export interface Entry {
  /** One line for lists of commands. */
  readonly brief: string;
  readonly load: () => Promise<Command>;
}

export interface Group {
  readonly brief: string;
  /** Commands, or groups of them, by the next word. */
  readonly commands: Readonly<Record<string, Entry | Group>>;
}

const entry = (brief: string, load: () => Promise<{ readonly definition: Command }>): Entry => ({
  brief,
  load: async () => (await load()).definition,
});

export const COMMANDS: Readonly<Record<string, Entry | Group>> = {
  quickstart: entry(
    "Make a cluster on this machine, with an example pod",
    () => import("./quickstart.ts"),
  ),
  cluster: {
    brief: "The cluster as a whole",
    commands: {
      create: entry("Make a new cluster project", () => import("./cluster/create.ts")),
      sync: entry("Bring all hosts to what the project says", () => import("./cluster/sync.ts")),
      plan: entry("Show what a sync would change", () => import("./cluster/plan.ts")),
      ps: entry("Show how all pods are doing", () => import("./cluster/ps.ts")),
      diff: entry("Show what was changed on the hosts", () => import("./cluster/diff.ts")),
      geningress: entry(
        "Write the configuration of the ingress",
        () => import("./cluster/geningress.ts"),
      ),
      rollback: entry(
        "Bring everything back to a commit",
        () => import("./cluster/rollback.ts"),
      ),
      doctor: entry(
        "Look for trouble on all hosts",
        () => import("./cluster/doctor.ts"),
      ),
      registry: entry("Write the logins to registries", () => import("./cluster/registry.ts")),
      importconfig: entry(
        "Copy a pod's own configs into the project",
        () => import("./cluster/importconfig.ts"),
      ),
    },
  },
  host: {
    brief: "Hosts, and the pods attached to them",
    commands: {
      register: entry("Add a host to the project", () => import("./host/register.ts")),
      trust: entry("Record the key of a host", () => import("./host/trust.ts")),
      setup: {
        brief: "From a bare machine to a host",
        commands: {
          all: entry("Do all of it in one go", () => import("./host/setup/all.ts")),
          superuser: entry(
            "Make the account that administers a host",
            () => import("./host/setup/superuser.ts"),
          ),
          disableroot: entry(
            "Close the logins of root and by password",
            () => import("./host/setup/disableroot.ts"),
          ),
          install: entry(
            "Bring podman, the programs and the daemon to a host",
            () => import("./host/setup/install.ts"),
          ),
        },
      },
      init: entry("Make a host ready for syncs", () => import("./host/init.ts")),
      ls: entry("List hosts", () => import("./host/ls.ts")),
      state: entry("Show or set the state of a host", () => import("./host/state.ts")),
      shell: entry("Open a shell on a host", () => import("./host/shell.ts")),
      logs: entry("Show what daemons and syncs did", () => import("./host/logs.ts")),
      doctor: entry("Look for trouble on a host", () => import("./host/doctor.ts")),
      unlock: entry("Show and break the lock of a host", () => import("./host/unlock.ts")),
      prune: entry("Remove old releases from hosts", () => import("./host/prune.ts")),
      attach: entry("Attach a pod to a host", () => import("./host/attach.ts")),
      detach: entry("Detach a pod from hosts", () => import("./host/detach.ts")),
    },
  },
  pod: {
    brief: "Pods and their releases",
    commands: {
      compile: entry("Make a release of a pod", () => import("./pod/compile.ts")),
      release: entry(
        "Bring a version to all hosts without losing a request",
        () => import("./pod/release.ts"),
      ),
      rollback: entry("Bring the version before back", () => import("./pod/rollback.ts")),
      updateconfig: entry(
        "Copy the cluster's configs into a release",
        () => import("./pod/updateconfig.ts"),
      ),
      ls: entry("List releases", () => import("./pod/ls.ts")),
      state: entry("Show or set what releases should be", () => import("./pod/state.ts")),
      ingress: entry(
        "Show or set whether releases take part in the ingress",
        () => import("./pod/ingress.ts"),
      ),
      ps: entry("Show how pods are doing on their hosts", () => import("./pod/ps.ts")),
      info: entry("Describe pods", () => import("./pod/info.ts")),
      logs: entry("Show what pods wrote", () => import("./pod/logs.ts")),
      shell: entry("Open a shell in a pod", () => import("./pod/shell.ts")),
      signal: entry("Tell pods to reload", () => import("./pod/signal.ts")),
      rerun: entry("Restart pods or their containers", () => import("./pod/rerun.ts")),
      delete: entry("Delete removed releases", () => import("./pod/delete.ts")),
    },
  },
};

/** A command with the words that call it. */
export interface NamedEntry {
  readonly words: readonly string[];
  readonly entry: Entry;
}

/** All commands of a group and of those in it. */
export function entriesOf(
  commands: Group["commands"],
  before: readonly string[] = [],
): NamedEntry[] {
  return Object.entries(commands).flatMap(([word, each]): NamedEntry[] => {
    const words = [...before, word];
    return isGroup(each) ? entriesOf(each.commands, words) : [{ words, entry: each }];
  });
}

export function isGroup(node: Entry | Group): node is Group {
  return "commands" in node;
}
