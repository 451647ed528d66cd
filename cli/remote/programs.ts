/** The programs that run on hosts, as text for `Host.run`. */
import apply from "./apply.sh" with { type: "text" };
import breakLock from "./break_lock.sh" with { type: "text" };
import daemonLog from "./daemon_log.sh" with { type: "text" };
import facts from "./facts.sh" with { type: "text" };
import heartbeat from "./heartbeat.sh" with { type: "text" };
import hostShell from "./host_shell.sh" with { type: "text" };
import initHost from "./init_host.sh" with { type: "text" };
import listConfigs from "./list_configs.sh" with { type: "text" };
import liveState from "./live_state.sh" with { type: "text" };
import lock from "./lock.sh" with { type: "text" };
import lockFile from "./lock_file.sh" with { type: "text" };
import observe from "./observe.sh" with { type: "text" };
import logLines from "./log_lines.sh" with { type: "text" };
import podAction from "./pod_action.sh" with { type: "text" };
import podCall from "./pod_call.sh" with { type: "text" };
import podLogs from "./pod_logs.sh" with { type: "text" };
import podShell from "./pod_shell.sh" with { type: "text" };
import prelude from "./prelude.sh" with { type: "text" };
import proxyMetrics from "./proxy_metrics.sh" with { type: "text" };
import prune from "./prune.sh" with { type: "text" };
import registryLogins from "./registry_logins.sh" with { type: "text" };
import showLock from "./show_lock.sh" with { type: "text" };
import tree from "./tree.sh" with { type: "text" };
import unlock from "./unlock.sh" with { type: "text" };

/** Most take the host home as their first argument; all of them stand at the head of each file. */
export const REMOTE_PROGRAMS = {
  observe: prelude + observe,
  lock: prelude + lockFile + lock,
  /** Prints what observe prints behind the line of lock. */
  lockAndObserve: prelude + lockFile + lock + observe,
  heartbeat: prelude + lockFile + heartbeat,
  unlock: prelude + lockFile + unlock,
  apply: prelude + lockFile + tree + apply,
  initHost: prelude + initHost,
  registryLogins: prelude + registryLogins,
  podCall: prelude + podCall,
  podAction: prelude + podAction,
  podLogs: prelude + logLines + podLogs,
  podShell: prelude + podShell,
  showLock: prelude + showLock,
  breakLock: prelude + lockFile + breakLock,
  prune: prelude + lockFile + tree + prune,
  liveState: prelude + liveState,
  proxyMetrics: prelude + proxyMetrics,
  listConfigs: prelude + listConfigs,
  daemonLog: prelude + logLines + daemonLog,
  facts: prelude + facts,
  hostShell,
} as const;

/** Exit codes of these programs. */
export const REMOTE_EXIT = {
  done: 0,
  failed: 1,
  foreignCluster: 2,
  locked: 3,
  lockLost: 4,
  notInitialised: 5,
  noRelease: 6,
} as const;
