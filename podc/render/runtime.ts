/** The constant part of every compiled pod, put together from its files. */
import keepLogProgram from "../runtime/keep_log.awk" with { type: "text" };
import readLog from "../runtime/read_log.awk" with { type: "text" };
import showLog from "../runtime/show_log.awk" with { type: "text" };
import actions from "../runtime/actions.sh" with { type: "text" };
import files from "../runtime/files.sh" with { type: "text" };
import keepLog from "../runtime/keep_log.sh" with { type: "text" };
import lock from "../runtime/lock.sh" with { type: "text" };
import log from "../runtime/log.sh" with { type: "text" };
import main from "../runtime/main.sh" with { type: "text" };
import native from "../runtime/native.sh" with { type: "text" };
import podman from "../runtime/podman.sh" with { type: "text" };
import process from "../runtime/process.sh" with { type: "text" };
import say from "../runtime/say.sh" with { type: "text" };
import status from "../runtime/status.sh" with { type: "text" };
import supervisor from "../runtime/supervisor.sh" with { type: "text" };
import volumes from "../runtime/volumes.sh" with { type: "text" };
import type { PodSpec } from "../spec/pod_spec.ts";
import { printer } from "./shell.ts";

const TITLE = "# === runtime ================================================================";

/** Shell source of the runtime for pods of `kind`. */
export function runtimeSource(kind: Exclude<PodSpec["kind"], "executable-file">): string {
  const runner = kind === "containers"
    ? [podman, volumes]
    : [printer("keep_log_program", keepLogProgram), keepLog, native];
  return [
    TITLE,
    say,
    files,
    process,
    lock,
    log,
    printer("read_log_program", readLog),
    printer("show_log_program", showLog),
    ...runner,
    status,
    supervisor,
    actions,
    main,
  ].map((part) => part.trim()).join("\n\n");
}
