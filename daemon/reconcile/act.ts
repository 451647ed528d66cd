/** Carries out decisions: calls pods, takes action files away. */
import { type PodCall, rerunCall, runCall } from "../../podc/mod.ts";
import type { Instance } from "../discovery.ts";
import { isGone, messageOf, readSafely } from "../files.ts";
import { ChildError, runChild } from "../host/child.ts";
import { releasePaths } from "../host/layout.ts";
import type { Log } from "../log.ts";
import type { ActionRequest, Command } from "./model.ts";
import { actionRequest } from "./observe.ts";

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
}

/** Bytes of a command's output that are kept, the last ones. */
const KEPT_OUTPUT = 64 * 1024;
/** Lines of a failed command's stderr that are logged, the last ones. */
const LOGGED_LINES = 20;
/** Milliseconds to wait for output after a command's end: what it left running may hold it open. */
const LINGER = 200;

/** Carries out one command to its end and logs how it went; never throws. */
export async function act(instance: Instance, command: Command, deps: ActDeps): Promise<boolean> {
  const { log, now } = deps;
  const label = `Pod ${instance.id}`;
  try {
    const call = await callOf(instance, command);
    if (call === undefined) {
      log("WARN", `${label}: pod.action went away or cannot be understood, nothing done`);
      return false;
    }
    log("INFO", `${label}: ${call.join(" ")}, as ${command.why}`);
    const began = now();
    const result = await callPod(instance, call, deps);
    const seconds = ((now() - began) / 1000).toFixed(1);
    if (result.code === 0) {
      log("OK", `${label}: ${call[0]} done in ${seconds} s`);
      return true;
    }
    log("ERROR", `${label}: ${call[0]} failed with exit code ${result.code} after ${seconds} s`);
    for (const line of lastLines(result.stderr)) log("ERROR", `${label}: | ${line}`);
    return false;
  } catch (error) {
    const what = error instanceof ChildError && error.reason === "aborted"
      ? "interrupted, as this daemon ends"
      : messageOf(error);
    log("ERROR", `${label}: ${command.kind} failed: ${what}`);
    return false;
  }
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
