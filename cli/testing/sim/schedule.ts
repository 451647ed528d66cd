/** One simulated story: hosts, one or two operators, faults; then a sync that has to put all right. */
import { describeError } from "../../errors.ts";
import { Random } from "../random.ts";
import { Clock } from "./clock.ts";
import type { Commit } from "./commits.ts";
import { type Fault, type Moment, strike } from "./faults.ts";
import { Machine } from "./machine.ts";
import { Operator } from "./operator.ts";
import { Watch } from "./watch.ts";

/** Milliseconds within which a sync must come to an end, a good or a bad one. */
const LIMIT_MS = 3_600_000;
/** Milliseconds after which a lock of somebody who is gone must be free. */
const LOCK_MS = 65_000;

export interface Story {
  readonly seed: number;
  /** Commits in the order of their history: what the hosts have, what is synced, what is synced last. */
  readonly commits: readonly Commit[];
  /** Index of the commit that a host has before, by name; -1: it was only initialised. */
  readonly before: Readonly<Record<string, number>>;
  /** Indexes of the commits that the operators sync, the last one after all faults. */
  readonly first: number;
  readonly second: number;
  /** When another operator begins by itself, in milliseconds. */
  readonly secondAfterMs?: number;
  readonly last: number;
  readonly parallel: number;
  readonly faults: readonly Fault[];
}

export interface Outcome {
  readonly violations: readonly string[];
  /** Where each moment until the operators were done was. */
  readonly moments: readonly string[];
  /** Faults that struck. */
  readonly struck: number;
  /** What happened, in order. */
  readonly trace: readonly string[];
}

/** Plays a story; the same one always plays in the same way. */
export async function play(story: Story): Promise<Outcome> {
  return await new Stage(story).play();
}

class Stage {
  readonly #clock = new Clock();
  readonly #random: Random;
  readonly #machines: Machine[];
  readonly #watches: Watch[];
  readonly #operators: Operator[] = [];
  readonly #trace: string[] = [];
  readonly #problems: string[] = [];
  #moments: string[] = [];
  #requests = 0;
  #struck = 0;
  #calm = false;

  constructor(readonly story: Story) {
    const { seed, commits, before } = story;
    this.#random = new Random(seed);
    this.#machines = commits[0]!.hosts.map(({ name }) => {
      const machine = new Machine(name, this.#clock, this.#random);
      const commit = commits[before[name]!];
      if (commit !== undefined) commit.layDown(machine.tree, name);
      else {
        machine.tree.mkdir("pods");
        machine.tree.write("cluster-id.txt", "demo-1\n");
      }
      machine.onPoint = (_, process) =>
        this.#moment(`${name}: ${process.name}`, false, () => {
          return { machine, operator: this.#random.pick(this.#operators), process };
        });
      return machine;
    });
    this.#watches = this.#machines.map((machine) =>
      new Watch(machine, commits, before[machine.name]!)
    );
  }

  async play(): Promise<Outcome> {
    try {
      await this.#act();
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.stack ?? "" : String(error));
    }
    const violations = [
      ...this.#watches.flatMap(({ violations }) => violations),
      ...this.#problems,
    ];
    const trace = this.#trace;
    return { violations, moments: this.#moments, struck: this.#struck, trace };
  }

  async #act(): Promise<void> {
    const { first, last, secondAfterMs } = this.story;
    this.#begin(first, "ann");
    if (secondAfterMs !== undefined) this.#clock.after(secondAfterMs, () => this.#beginSecond());
    await this.#clock.run(() => this.#operators.every(({ over }) => over), LIMIT_MS);
    for (const operator of this.#operators) this.#checkOutcome(operator);
    await this.#heal();
    let final = await this.#syncCalmly(last);
    const locked = final.outcomes?.some(({ text }) => text.includes("is locked by"));
    // A lock from before its host's clock was set back counts from when somebody asks for it.
    if (locked && this.story.faults.some(({ kind }) => kind === "clock")) {
      await this.#wait(LOCK_MS);
      final = await this.#syncCalmly(last);
    }
    if (final.outcomes === undefined) throw new Error(`the last sync failed: ${final.error}`);
    for (const { host, result, text } of final.outcomes) {
      const good = result === "done" || result === "unchanged";
      if (!good) this.#problems.push(`the last sync: ${host} ${result}: ${text}`);
      const watch = this.#watches.find(({ machine }) => machine.name === host)!;
      if (good) watch.checkFinal(final.commit, result === "done");
    }
    await this.#checkPlan(final);
  }

  #beginSecond(): void {
    if (this.#operators.length < 2 && !this.#calm) this.#begin(this.story.second, "bob");
  }

  async #syncCalmly(commit: number): Promise<Operator> {
    const operator = this.#begin(commit, "zoe");
    await this.#clock.run(() => operator.over, LIMIT_MS);
    this.#checkOutcome(operator);
    return operator;
  }

  async #wait(ms: number): Promise<void> {
    let waited = false;
    this.#clock.after(ms, () => waited = true);
    await this.#clock.run(() => waited, LIMIT_MS);
  }

  #begin(commit: number, name: string): Operator {
    const { commits, parallel } = this.story;
    const operator = new Operator(this.#clock, this.#random, this.#machines, {
      name,
      commit: commits[commit]!,
      sync: { parallel },
    });
    operator.onRequest = (link, program, when) =>
      this.#moment(`${name} to ${link.name}: ${when} ${program}`, true, () => {
        return { machine: link.machine, operator };
      });
    this.#operators.push(operator);
    operator.start();
    return operator;
  }

  #moment(where: string, isRequest: boolean, moment: () => Moment): void {
    if (this.#calm) return;
    this.#moments.push(where);
    if (isRequest) this.#requests++;
    for (const { kind, moment: at, among } of this.story.faults) {
      if (at !== (among === "all" ? this.#moments.length : isRequest && this.#requests)) continue;
      this.#struck++;
      this.#trace.push(`moment ${at}, ${this.#clock.now.toFixed(1)} ms: ${kind} (${where})`);
      const here = moment();
      strike(kind, here, this.#random, () => this.#beginSecond());
      if (kind === "power") {
        this.#watches.find(({ machine }) => machine === here.machine)!.checkAll();
      }
    }
  }

  #checkOutcome(operator: Operator): void {
    const { name } = operator.options;
    const { outcomes, error } = operator;
    const said = outcomes?.map(({ host, result, text }) => `${host} ${result} (${text})`);
    const failed = error === undefined ? "was killed" : describeError(error).join(" ");
    this.#trace.push(`${this.#clock.now.toFixed(1)} ms: ${name}: ${said?.join("; ") ?? failed}`);
    for (const { text } of outcomes ?? []) {
      if (text.includes(`locked by ${name} `)) this.#problems.push(`${name} locked itself out`);
    }
  }

  /** No more faults; whatever was left to itself ends, and locks of the dead expire. */
  async #heal(): Promise<void> {
    this.#calm = true;
    for (const machine of this.#machines) {
      machine.up = true;
      machine.tree.room = Infinity;
    }
    const idle = () => this.#machines.every(({ processes }) => processes.size === 0);
    await this.#clock.run(idle, LIMIT_MS);
    await this.#wait(LOCK_MS);
    if (!idle()) this.#problems.push("a program began after all operators were done");
  }

  async #checkPlan(final: Operator): Promise<void> {
    let plan: Awaited<ReturnType<Operator["plan"]>> | undefined;
    final.plan().then((made) => plan = made, (error) => this.#problems.push(String(error)));
    await this.#clock.run(() => plan !== undefined, LIMIT_MS);
    for (const [host, operations] of plan ?? []) {
      if (Array.isArray(operations) && operations.length === 0) continue;
      this.#problems.push(`planning again gives ${host} ${JSON.stringify(operations)}`);
    }
  }
}
