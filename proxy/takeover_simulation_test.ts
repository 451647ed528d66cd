/** Many processes that replace each other, with every delay of what they tell each other. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Held } from "./ceilings.ts";
import type { Bequest, HandedOver } from "./linux/handover.ts";
import { createLog } from "./log.ts";
import { MappingCounts } from "./mapping_counts.ts";
import type { DataPlane, Plan } from "./plan.ts";
import { type Link, Predecessors } from "./predecessors.ts";
import { type Lease, RoutingTable } from "./routing_table.ts";
import { Successor } from "./successor.ts";
import { planOf } from "./test_kit.ts";

const PORT = 61000;
const log = createLog("error", (line) => assert.fail(line));

/** What one process says and another did not hear yet. Its index stands for the socket. */
type Channel = (readonly Held[] | "end")[];
const channels: Channel[] = [];

class SimulatedLink implements Link {
  readonly #channel: Channel;
  readonly #ended = Promise.withResolvers<void>();
  #onHeld: ((held: readonly Held[]) => void) | undefined;
  #paused = false;

  constructor(readonly fd: number, readonly held: readonly Held[]) {
    this.#channel = channels[fd]!;
  }

  follow(onHeld: (held: readonly Held[]) => void): Promise<void> {
    this.#onHeld = onHeld;
    return this.#ended.promise;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  close(): void {
    this.#onHeld = undefined;
    this.#ended.resolve();
  }

  /** The next packet arrives, if there is one. */
  deliver(): boolean {
    if (this.#paused || !this.#onHeld) return false;
    const packet = this.#channel.shift();
    if (packet === "end") this.#ended.resolve();
    else if (packet) this.#onHeld(packet);
    return packet !== undefined;
  }
}

class SimulatedProcess {
  readonly counts = new MappingCounts();
  readonly table = new RoutingTable(this.counts.cells);
  readonly leases: Lease[] = [];
  readonly predecessors: Predecessors;
  readonly successor: Successor;
  readonly plan: Plan;
  waits = false;
  /** What its heir is to it while it is not decided whether that takes over. */
  heir: { process: SimulatedProcess; confirm(): void; fail(): void } | undefined;
  look = () => {};

  constructor(readonly maxConn: number, readonly links: readonly SimulatedLink[]) {
    const { counts } = this;
    this.predecessors = new Predecessors(
      { links, confirm: () => Promise.resolve() },
      counts,
      log,
    );
    const mappings = counts.assign([{ clusterPort: PORT, hostPort: 1, maxConn, sendProxy: false }]);
    this.plan = { ...planOf("127.0.0.1"), mappings };
    this.table.load(mappings);
    this.successor = new Successor({
      served: () => ({ plane: this.#plane, plan: this.plan }),
      counts,
      predecessors: this.predecessors,
      log,
      pause: () => new Promise((resolve) => this.look = resolve),
    });
  }

  take(): void {
    const [route] = this.table.order(PORT, 0);
    const lease = route && this.table.take(route);
    if (lease) this.leases.push(lease);
  }

  /** Whether it ends by itself or is killed. */
  end(): void {
    for (const lease of this.leases.splice(0)) lease.release();
    this.successor.end();
    this.predecessors.leave();
  }

  readonly #plane: Pick<DataPlane, "give" | "follow" | "status"> = {
    give: (_, begin) => this.#give(begin),
    follow: (plan) => this.table.load(plan.mappings),
    status: () => ({
      ...{ engine: "", workers: 1, listeners: 0, wanted: 0, missing: "" },
      ...{ sessions: 0, connections: 0, idle: 0, seeking: 0, remembered: [] },
      waiting: this.waits ? [PORT] : [],
    }),
  };

  async #give(begin: () => Promise<Bequest>): Promise<HandedOver> {
    const { held, before } = await begin();
    const channel: Channel = [];
    const own = new SimulatedLink(channels.push(channel) - 1, held);
    const links = [own, ...before.map(({ fd, held }) => new SimulatedLink(fd, held))];
    const process = new SimulatedProcess(this.maxConn, links);
    await new Promise<void>((resolve, reject) => {
      this.heir = { process, confirm: resolve, fail: () => reject(new Error("Nobody")) };
    });
    return {
      tell: (news) => Promise.resolve(void channel.push(news)),
      close: () => void channel.push("end"),
    };
  }
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
}

class World {
  /** The last one serves, the others drain. */
  readonly processes: SimulatedProcess[];

  constructor(private readonly maxConn: number) {
    this.processes = [new SimulatedProcess(maxConn, [])];
  }

  get last(): SimulatedProcess {
    return this.processes.at(-1)!;
  }

  /** All that has connections. */
  get all(): SimulatedProcess[] {
    return this.last.heir ? [...this.processes, this.last.heir.process] : this.processes;
  }

  async step(does: Step["does"], which: number): Promise<void> {
    const one = this.all[which % this.all.length]!;
    if (does === "take") one.take();
    else if (does === "release") {
      one.leases.splice(which % (one.leases.length || 1), 1)[0]?.release();
    } else if (does === "wait") one.waits = !one.waits;
    else if (does === "look") one.look();
    else if (does === "deliver") one.links[which % (one.links.length || 1)]?.deliver();
    else if (does === "end" && this.processes.includes(one) && one !== this.last) {
      one.end();
      this.processes.splice(this.processes.indexOf(one), 1);
    } else if (does === "give" && !this.last.heir) this.last.successor.give("", 0).catch(() => {});
    else if (does === "confirm") await this.#confirm();
    else if (does === "fail") this.#fail();
    await settle();
    const total = this.all.reduce((sum, { leases }) => sum + leases.length, 0);
    assert.ok(total <= this.maxConn, `${total} of ${this.maxConn} after ${does}`);
  }

  async #confirm(): Promise<void> {
    const old = this.last;
    if (!old.heir) return;
    const { process, confirm } = old.heir;
    old.heir = undefined;
    this.processes.push(process);
    confirm();
    await process.predecessors.confirm();
  }

  #fail(): void {
    const { heir } = this.last;
    if (!heir) return;
    this.last.heir = undefined;
    heir.process.end();
    heir.fail();
  }

  /** All old ones end, and everybody hears it. */
  async finish(): Promise<void> {
    await this.step("fail", 0);
    while (this.processes.length > 1) await this.step("end", 0);
    for (const link of this.last.links) while (link.deliver());
    await settle();
    while (this.last.leases.length < this.maxConn) {
      const before = this.last.leases.length;
      this.last.take();
      assert.equal(this.last.leases.length, before + 1, "all room is the last one's");
    }
  }
}

interface Step {
  readonly does:
    | "take"
    | "release"
    | "wait"
    | "look"
    | "deliver"
    | "end"
    | "give"
    | "confirm"
    | "fail";
  readonly which: number;
}

Deno.test("however many processes replace each other, in whatever order they end and hear of it, maxConn holds", async () => {
  const step = (weight: number, does: Step["does"]) => ({ weight, arbitrary: fc.constant(does) });
  const steps = fc.array(
    fc.record({
      does: fc.oneof(
        step(8, "take"),
        step(4, "release"),
        step(1, "wait"),
        step(3, "look"),
        step(4, "deliver"),
        step(1, "end"),
        step(2, "give"),
        step(2, "confirm"),
        step(1, "fail"),
      ),
      which: fc.nat(11),
    }),
    { minLength: 20, maxLength: 120 },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), steps, async (maxConn, steps) => {
      channels.length = 0;
      const world = new World(maxConn);
      for (const { does, which } of steps) await world.step(does, which);
      await world.finish();
    }),
    { numRuns: 3000 },
  );
});
