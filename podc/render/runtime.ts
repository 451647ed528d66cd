/** The constant part of every compiled pod, put together from its files. */
import isoTime from "../runtime/iso_time.awk" with { type: "text" };
import json from "../runtime/json.awk" with { type: "text" };
import keepLogProgram from "../runtime/keep_log.awk" with { type: "text" };
import readLog from "../runtime/read_log.awk" with { type: "text" };
import showLog from "../runtime/show_log.awk" with { type: "text" };
import statusJson from "../runtime/status_json.awk" with { type: "text" };
import unixTime from "../runtime/unix_time.awk" with { type: "text" };
import actions from "../runtime/actions.sh" with { type: "text" };
import endMarked from "../runtime/end_marked.sh" with { type: "text" };
import files from "../runtime/files.sh" with { type: "text" };
import job from "../runtime/job.sh" with { type: "text" };
import keepLog from "../runtime/keep_log.sh" with { type: "text" };
import lock from "../runtime/lock.sh" with { type: "text" };
import log from "../runtime/log.sh" with { type: "text" };
import main from "../runtime/main.sh" with { type: "text" };
import native from "../runtime/native.sh" with { type: "text" };
import podman from "../runtime/podman.sh" with { type: "text" };
import probe from "../runtime/probe.sh" with { type: "text" };
import process from "../runtime/process.sh" with { type: "text" };
import ramdisk from "../runtime/ramdisk.sh" with { type: "text" };
import say from "../runtime/say.sh" with { type: "text" };
import status from "../runtime/status.sh" with { type: "text" };
import supervisor from "../runtime/supervisor.sh" with { type: "text" };
import tell from "../runtime/tell.sh" with { type: "text" };
import volumes from "../runtime/volumes.sh" with { type: "text" };
import type { PodSpec } from "../spec/pod_spec.ts";
import { printer } from "./shell.ts";

const TITLE = "# === runtime ================================================================";

/** Shell source of the runtime for pods of `kind`. */
export function runtimeSource(kind: Exclude<PodSpec["kind"], "executable-file">): string {
  const runner = kind === "containers"
    ? [program("end_marked_program", endMarked), podman, volumes, ramdisk]
    : [program("keep_log_program", keepLogProgram), keepLog, native];
  return [
    TITLE,
    say,
    files,
    process,
    lock,
    job,
    log,
    program("read_log_program", readLog, unixTime),
    program("show_log_program", showLog, json),
    program("iso_time_program", isoTime, unixTime),
    ...runner,
    status,
    program("status_json_program", statusJson, json),
    probe,
    tell,
    supervisor,
    actions,
    main,
  ].map((part) => part.trim()).join("\n\n");
}

/** A shell function that prints a program for another interpreter, of one file or several. */
function program(name: string, ...parts: readonly string[]): string {
  return printer(name, parts.map((part) => part.trim()).join("\n\n"));
}
