/** The proxy of a cluster: clients connect to cluster ports, pods anywhere in the cluster serve them. */
export { createLog, type Level, type Log, parseLevel } from "./log.ts";
export { Proxy, type ProxyOptions } from "./proxy.ts";
export type { Connection, Engine, Listener } from "./engine.ts";
export { DenoEngine } from "./deno_engine.ts";
