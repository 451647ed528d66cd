/** Puts together what the connections of one data plane share. */
import { Metrics } from "./admin/metrics.ts";
import { clientFilter } from "./client_access.ts";
import type { ProxyConf } from "./conf/mod.ts";
import type { Context, Shared } from "./context.ts";
import type { Connection, Engine } from "./engine.ts";
import { lookAtOthers } from "./find_target.ts";
import type { Log } from "./log.ts";
import { type Lifetimes, PeerMemory } from "./peer_memory.ts";
import { PeerPool } from "./peer_pool.ts";
import { Peers } from "./peers.ts";
import type { Plan } from "./plan.ts";
import { Prober } from "./prober.ts";
import { RoutingTable } from "./routing_table.ts";
import { Sessions } from "./sessions.ts";
import { shareOf, type ThreadShare } from "./thread_share.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** @param now Milliseconds of a clock that never goes back. */
export function makeContext(
  engine: Engine,
  log: Log,
  first: Plan,
  now: () => number,
  share: ThreadShare = shareOf(1)[0]!,
): Context {
  const { conf, podHost } = first;
  const shared: Shared = {
    engine,
    log,
    metrics: new Metrics(now),
    now,
    table: new RoutingTable(first.cells),
    memory: new PeerMemory(lifetimesOf(conf)),
    peers: new Peers(),
    conf,
    mayConnect: clientFilter(conf.clientFrom),
    podHost,
    plans: 0,
    ending: false,
    share,
    background: new Set(),
  };
  const waiting = new WaitingRoom(shared, (port, all) => lookAtOthers(port, context, all));
  shared.table.onRelease = (port) => waiting.released(port);
  // One object, since a reload changes it.
  const context: Context = Object.assign(shared, {
    pool: new PeerPool(shared),
    prober: new Prober(shared),
    waiting,
    sessions: new Sessions(),
    unasked: new Set<Connection>(),
  });
  return context;
}

/** For how long answers of other hosts are believed. */
export function lifetimesOf({ remember }: ProxyConf): Lifetimes {
  return {
    ok: remember.ok * 1000,
    refused: remember.refused * 1000,
    busy: remember.busy * 1000,
    silent: remember.silent * 1000,
  };
}
