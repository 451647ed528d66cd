/** Carries quickstart's steps out, and takes all of them back when one fails. */
import { HostError, LocalHost, sleep } from "../../daemon/mod.ts";
import { quote } from "../../podc/mod.ts";
import type { Deps } from "../deps.ts";
import { messageOf, UserError } from "../errors.ts";
import { statIfPresent } from "../project/files.ts";
import { PAGE } from "./example.ts";
import {
  afterwards,
  daemonStep,
  environmentOf,
  placesOf,
  type QuickCluster,
  type Step,
  stepsOf,
} from "./steps.ts";
import undo from "./undo.sh" with { type: "text" };

/** A pull of an image included. */
const STEP_TIMEOUT_MS = 600_000;
const UNDO_TIMEOUT_MS = 120_000;
const PAGE_TIMEOUT_MS = 120_000;
const ASK_MS = 200;

const machine = new LocalHost("this machine");

type Told = Pick<Deps, "stdout" | "log" | "progress" | "signal">;

/**
 * Makes the cluster and waits until its page is there.
 *
 * @throws {UserError} naming the step that failed; nothing is left then
 */
export async function carryOut(deps: Told, cluster: QuickCluster): Promise<void> {
  const { dir } = cluster;
  const before = await statIfPresent(dir) !== undefined;
  let daemon: number | undefined;
  await Deno.mkdir(dir, { recursive: true });
  try {
    deps.stdout(`$ mkdir -p ${quote(dir)} && cd ${quote(dir)}\n`);
    for (const line of environmentOf(cluster)) deps.stdout(`$ ${line}\n`);
    for (const step of stepsOf(cluster)) await runStep(deps, cluster, step);
    daemon = await startDaemon(deps, cluster);
    await waitForPage(deps, cluster, daemon);
    deps.stdout(afterwards(cluster, daemon));
  } catch (error) {
    deps.log.info(`Taking back what was done in ${dir}`);
    await takeBack(cluster, before, daemon);
    throw error;
  }
}

/** Shows a command, runs it, and shows what it says. */
async function runStep(deps: Told, cluster: QuickCluster, step: Step): Promise<void> {
  show(deps, step);
  const { code, out, err } = await run(deps, cluster, step.cwd, step.text);
  deps.stdout(out + err);
  if (code === 0) return;
  const [command] = step.text.split("\n");
  throw new UserError(
    `"${command}" ended with ${code}: ${err.trim().split("\n").slice(-3).join("\n")}`,
    step.hint === undefined ? {} : { hint: step.hint },
  );
}

function show({ stdout }: Told, { title, text }: Step): void {
  if (title !== undefined) stdout(`\n# ${title}\n`);
  stdout(`$ ${text}\n`);
}

async function run({ signal }: Told, cluster: QuickCluster, cwd: string, text: string) {
  const script = [...environmentOf(cluster), `cd ${quote(cwd)} || exit`, text].join("\n");
  const { code, stdout, stderr } = await machine.run({
    script,
    timeoutMs: STEP_TIMEOUT_MS,
    signal,
  });
  return { code, out: new TextDecoder().decode(stdout), err: stderr };
}

/** @returns its process id */
async function startDaemon(deps: Told, cluster: QuickCluster): Promise<number> {
  const step = daemonStep(cluster);
  show(deps, step);
  const { out } = await run(deps, cluster, step.cwd, `${step.text}\necho $!`);
  return Number(out.trim());
}

async function waitForPage(deps: Told, cluster: QuickCluster, daemon: number): Promise<void> {
  const { url, project, log } = placesOf(cluster);
  deps.progress.set(cluster.name, `waiting for ${url}`);
  try {
    const end = performance.now() + PAGE_TIMEOUT_MS;
    for (let page = await ask(url); page !== PAGE; page = await ask(url)) {
      deps.signal.throwIfAborted();
      if (!await statIfPresent(`/proc/${daemon}`)) {
        throw new UserError(`The daemon has ended: ${await lastLines(log)}`);
      }
      if (performance.now() > end) {
        const { out } = await run(deps, cluster, project, "sns pod logs hello,proxy -p -l -10");
        throw new UserError(
          `${url} does not show the page after ${PAGE_TIMEOUT_MS / 1000} s:\n` +
            `${await lastLines(log)}\n${out.trim()}`,
        );
      }
      await sleep(ASK_MS, deps.signal);
    }
  } finally {
    deps.progress.set(cluster.name, undefined);
  }
  deps.stdout(`\n# From any pod at proxy:61000, and here at the address of the host\n`);
  deps.stdout(`$ curl ${url}\n${PAGE}`);
}

/** What is at `url`; why there is nothing, while there is nothing. */
async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return await response.text();
  } catch (error) {
    return messageOf(error);
  }
}

async function lastLines(file: string): Promise<string> {
  return (await Deno.readTextFile(file)).trim().split("\n").slice(-5).join("\n");
}

/** An interrupt does not reach this: it has to be done. */
async function takeBack(
  { dir }: QuickCluster,
  keep: boolean,
  daemon: number | undefined,
): Promise<void> {
  const args = [dir, keep ? "yes" : "no", daemon === undefined ? "" : String(daemon)];
  const { code, stderr } = await machine.run({ script: undo, args, timeoutMs: UNDO_TIMEOUT_MS });
  if (code !== 0) throw new UserError(`Not all of ${dir} could be taken back: ${stderr.trim()}`);
}

/** Whether `error` is nothing but the person's interrupt. */
export function isInterrupt(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted &&
    (error === signal.reason || error instanceof HostError && error.reason === "aborted");
}
