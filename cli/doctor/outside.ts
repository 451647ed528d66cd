/** The ports of a host as they are seen from here, where sns runs: what its firewall really does. */
import { createConnection } from "node:net";
import { mapParallel } from "../sync/parallel.ts";
import type { Facts } from "./facts.ts";

/** What becomes of a connection: nobody answers `silent` ones, as firewalls have it. */
export type Answer = "open" | "refused" | "silent";

const TIMEOUT_MS = 4000;
const AT_ONCE = 10;
/** Ports that are asked for because somebody listens there; more say nothing new. */
const MAX_LISTENING = 20;

/** Tries to connect to a port. */
export function dial(hostname: string, port: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port, timeout: TIMEOUT_MS });
    const end = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    socket.once(
      "error",
      (error: Error & { code?: string }) =>
        end(error.code === "ECONNREFUSED" ? "refused" : "silent"),
    );
  });
}

/** The ports to ask for: those of EXPOSE, and those where programs of the host wait for anybody. */
export function portsToAsk(facts: Facts, expose: readonly string[]): number[] {
  const listening = (facts.get("listens") ?? []).map(Number).slice(0, MAX_LISTENING);
  return [...new Set([...expose.map(Number), ...listening])].sort((a, b) => a - b);
}

/** What each of `ports` answers. */
export async function askPorts(
  hostname: string,
  ports: readonly number[],
  ask: typeof dial = dial,
): Promise<Map<number, Answer>> {
  const answers = await mapParallel([...ports], AT_ONCE, (port) => ask(hostname, port));
  return new Map(answers.map((each, index) => [
    ports[index]!,
    each.status === "fulfilled" ? each.value : "silent",
  ]));
}
