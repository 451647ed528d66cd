/** Carries out decisions: calls pods, takes action files away. */
import { type PodCall, rerunCall, runCall } from "../../podc/mod.ts";
import type { Instance } from "../discovery.ts";
import { isGone, messageOf, readSafely } from "../files.ts";
import { ChildError, runChild } from "../host/child.ts";
import { releasePaths } from "../host/layout.ts";
import type { Log } from "../log.ts";
import type { ActionRequest, Command } from "./model.ts";
import { actionRequest } from "./observe.ts";
import { mountRamdisks, type RamdiskMounter, unmountRamdisks } from "./ramdisks.ts";

export interface ActDeps {
  readonly log: Log;
  /** The whole environment of the pod. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that one command may take. */
  readonly timeoutMs: number;
  /** Ends the commands that are under way. */
  readonly signal: AbortSignal;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Mounts ramdisks; without it pods make plain directories. */
  readonly ramdisks?: RamdiskMounter;
}

/** How a command ended. */
export interface ActResult {
  readonly ok: boolean;
  /** Why it failed. */
  readonly error?: string;
}

/** Bytes of a command's output that are kept, the last ones. */
const KEPT_OUTPUT = 64 * 1024;
/** Lines of a failed command's stderr that are logged, the last ones. */
const LOGGED_LINES = 20;
/** Milliseconds that a pod may take to list its ramdisks. */
const LIST_MS = 30_000;
/** Milliseconds to wait for output after a command's end: what it left running may hold it open. */
const LINGER = 200;

/** Carries out one command to its end and logs how it went; never throws. */
export async function act(
  instance: Instance,
  command: Command,
  deps: ActDeps,
): Promise<ActResult> {
  const { log, now } = deps;
  const label = `Pod ${instance.id}`;
  const failed = (error: string, details: readonly string[] = []): ActResult => {
    log("ERROR", `${label}: ${error}`);
    for (const line of details) log("ERROR", `${label}: | ${line}`);
    return { ok: false, error: [error, ...details.slice(-1)].join(": ") };
  };
  try {
    const call = await callOf(instance, command);
    if (call === undefined) {
      const error = "pod.action went away or cannot be understood, nothing done";
      log("WARN", `${label}: ${error}`);
      return { ok: false, error };
    }
    const ramdisks = deps.ramdisks && { mounter: deps.ramdisks, instance, log };
    const listMs = Math.min(deps.timeoutMs, LIST_MS);
    const list = (call: PodCall) => callPod(instance, call, { ...deps, timeoutMs: listMs });
    if (ramdisks && startsPod(command)) await mountRamdisks(ramdisks, list);
    log("INFO", `${label}: ${call.join(" ")}, as ${command.why}`);
    const began = now();
    const result = await callPod(instance, call, deps);
    const seconds = ((now() - began) / 1000).toFixed(1);
    if (ramdisks && endsPod(command)) await unmountRamdisks(ramdisks);
    if (result.code !== 0) {
      const error = `${call[0]} failed with exit code ${result.code} after ${seconds} s`;
      return failed(error, lastLines(result.stderr));
    }
    log("OK", `${label}: ${call[0]} done in ${seconds} s`);
    return { ok: true };
  } catch (error) {
    const what = error instanceof ChildError && error.reason === "aborted"
      ? "interrupted, as this daemon ends"
      : messageOf(error);
    return failed(`${command.kind} failed: ${what}`);
  }
}

/** Whether the whole pod is (re)started by it. */
function startsPod({ kind, containers = [] }: Command): boolean {
  return kind === "run" || (kind === "rerun" && containers.length === 0);
}

function endsPod({ kind }: Command): boolean {
  return kind === "stop" || kind === "rm";
}

/**
 * Takes the request in pod.action away, so that it is carried out once at most and a newer one is
 * kept; `undefined` when there is none (any more).
 */
export async function takeAction(instance: Instance): Promise<ActionRequest | undefined> {
  const path = releasePaths(instance.dir).action;
  const taken = `${instance.dir}/.pod.action.taken`;
  try {
    await Deno.rename(path, taken);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw new Error(`Cannot take ${path} away: ${messageOf(error)}`, { cause: error });
  }
  try {
    const file = readSafely(taken, KEPT_OUTPUT);
    return file && actionRequest(file.text);
  } finally {
    await Deno.remove(taken);
  }
}

async function callOf(instance: Instance, command: Command): Promise<PodCall | undefined> {
  const { kind, hostInterface } = command;
  switch (kind) {
    case "run":
      return runCall(hostInterface);
    case "rerun": {
      if (!command.takeAction) return rerunCall(command.containers ?? [], hostInterface);
      const containers = (await takeAction(instance))?.containers;
      return containers && rerunCall(containers, hostInterface);
    }
    case "stop":
    case "rm":
      return [kind];
  }
}

function callPod(instance: Instance, call: PodCall, deps: ActDeps) {
  return runChild({
    argv: [releasePaths(instance.dir).pod, ...call],
    cwd: instance.dir,
    env: deps.env,
    timeoutMs: deps.timeoutMs,
    signal: deps.signal,
    maxOutputBytes: KEPT_OUTPUT,
    overflow: "keep-last",
    lingerMs: LINGER,
  });
}

function lastLines(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  return text.split("\n").map((line) => line.trimEnd().slice(0, 500)).filter((line) => line !== "")
    .slice(-LOGGED_LINES);
}
