import assert from "node:assert/strict";
import { defaultProxyConf, type ProxyConf } from "../conf/mod.ts";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { waitsForRestart, wantedEngine } from "./wanted_engine.ts";

const supported = LinuxEngine.supported() === undefined;

const conf = (
  engine: ProxyConf["engine"],
  workers: ProxyConf["workers"] = "auto",
): ProxyConf => ({ ...defaultProxyConf("/"), engine, workers });

Deno.test("what waits for a restart is what would be started otherwise", () => {
  const linux = { engine: "linux", workers: 2 } as const;
  const deno = { engine: "deno", workers: 1 } as const;
  const auto = wantedEngine(conf("auto"));
  assert.deepEqual(waitsForRestart(auto, conf("auto")), []);
  assert.deepEqual(waitsForRestart(auto, conf(auto.engine, auto.workers)), []);
  assert.deepEqual(waitsForRestart(linux, conf("linux", 2)), []);
  assert.deepEqual(waitsForRestart(linux, conf("linux", 3)), ["WORKERS 3"]);
  assert.deepEqual(waitsForRestart(linux, conf("deno", 3)), ["ENGINE deno"]);
  // Deno's engine has one thread, whatever WORKERS says.
  assert.deepEqual(waitsForRestart(deno, conf("deno", 9)), []);
  assert.deepEqual(waitsForRestart(deno, conf("linux", 2)), ["ENGINE linux"]);
  assert.deepEqual(waitsForRestart(deno, conf("auto")), supported ? ["ENGINE auto"] : []);
});
