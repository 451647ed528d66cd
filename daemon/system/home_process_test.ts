/** Processes that behave as a home's never should: all end, are reaped, and say why. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { isAlive } from "../process_table.ts";
import { until } from "../testing/home.ts";
import { HomeKeeper } from "./home_keeper.ts";
import { type HomeProcessOptions, type HomeRequest, startHomeProcess } from "./home_process.ts";

const TURN = `echo '{"kind":"turn","pods":1}'`;

/** Starts a shell script in place of a home's process. */
function start(script: string, options: Partial<HomeProcessOptions> = {}) {
  const stop = new AbortController();
  const stopNow = new AbortController();
  const turns: number[] = [];
  const requests: HomeRequest[] = [];
  const life = startHomeProcess({
    argv: ["sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    stop: stop.signal,
    stopNow: stopNow.signal,
    onTurn: (pods) => turns.push(pods),
    onRequest: (request) => Promise.resolve(void requests.push(request)),
    quietMs: 20_000,
    endMs: 20_000,
    ...options,
  });
  return { ...life, stop, stopNow, turns, requests };
}

const lives: readonly [string, string, RegExp, Partial<HomeProcessOptions>][] = [
  ["ends", `${TURN}; exit 3`, /ended with code 3/, {}],
  ["is killed", "kill -9 $$", /ended by SIGKILL/, {}],
  ["says why", `echo '{"kind":"problem","text":"no home"}'; exit 1`, /^no home$/, {}],
  ["talks nonsense", "echo hello; sleep 100", /what is no message/, {}],
  ["does not stop talking", `while :; do ${TURN}; done`, /does not stop talking/, {}],
  ["never ends its line", "while :; do printf xxxxxxxxxxxxxxxx; done", /over 16384 bytes/, {}],
  ["is quiet", "sleep 100", /no sign of life for 0\.2 s/, { quietMs: 200 }],
  ["stands still", `${TURN}; kill -STOP $$`, /no sign of life for 0\.2 s/, { quietMs: 200 }],
  ["leaves its output open", "sleep 3 & exit 4", /ended with code 4/, {}],
];
for (const [name, script, why, options] of lives) {
  Deno.test(`a process that ${name}`, async () => {
    const { ended, pid } = start(script, options);
    match((await ended)!, why);
    ok(!isAlive(pid));
  });
}

Deno.test("a process is asked to end by the end of its input", async () => {
  const { ended, stop, turns } = start(`${TURN}; cat >/dev/null; exit 0`);
  await until("a turn", () => turns.length === 1);
  stop.abort();
  strictEqual(await ended, undefined);
});

Deno.test("one that does not end is killed after a while, or ended by a second wish", async () => {
  const slow = start("trap '' TERM; while :; do sleep 0.1; done", { endMs: 200 });
  slow.stop.abort();
  match((await slow.ended)!, /did not end in time/);
  const second = start(`trap 'exit 0' TERM; ${TURN}; while :; do sleep 0.1; done`);
  await until("a turn", () => second.turns.length === 1);
  second.stop.abort();
  second.stopNow.abort();
  strictEqual(await second.ended, undefined);
});

Deno.test("requests are answered, also when they fail", async () => {
  const ask = `echo '{"kind":"unmount","id":5,"pod":"web","version":"1"}'; read -r answer`;
  const good = start(`${ask}; [ "$answer" = '{"id":5}' ] && exit 7`);
  match((await good.ended)!, /code 7/);
  deepStrictEqual(good.requests, [{ kind: "unmount", id: 5, pod: "web", version: "1" }]);
  const bad = start(`${ask}; [ "$answer" = '{"id":5,"error":"busy"}' ] && exit 8`, {
    onRequest: () => Promise.reject(new Error("busy")),
  });
  match((await bad.ended)!, /code 8/);
});

Deno.test("a keeper starts another process, later each time, until it is stopped", async () => {
  let log = "";
  let starts = 0;
  const stop = new AbortController();
  const keeper = new HomeKeeper("/home/u/h", {
    log: (_, message) => log += `${message}\n`,
    now: () => ({ mono: performance.now(), wall: 1000 }),
    start: ({ stop, stopNow, onTurn }) => {
      starts += 1;
      if (starts === 2) return Promise.reject(new Error("no setpriv"));
      const script = starts === 1 ? "exit 1" : `${TURN}; cat`;
      return Promise.resolve(start(script, { stop, stopNow, onTurn }));
    },
  });
  const kept = keeper.keep(stop.signal, stop.signal);
  await until("a pause", () => keeper.state.phase === "waiting");
  deepStrictEqual([keeper.state.failures, keeper.state.nextRetryMs], [1, 2000]);
  await until("service", () => keeper.state.phase === "serving");
  strictEqual(keeper.state.lastError, "its process does not start: no setpriv");
  match(log, /starts in 1 s[^]*does not start: no setpriv; the next one starts in 2 s/);
  stop.abort();
  await kept;
  strictEqual(keeper.state.phase, "ended");
});
