import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { podEnvironment } from "./environment.ts";

const account = { name: "sns", home: "/home/sns", runtimeDir: "/run/user/1000" };

Deno.test("pods get a small environment, the account's own", () => {
  const own = {
    PATH: "/bin",
    USER: "root",
    HOME: "/root",
    TZ: "UTC",
    LANG: "C.UTF-8",
    SECRET: "x",
    LD_PRELOAD: "y",
    SPACE_LOG_LEVEL: "5",
    XDG_RUNTIME_DIR: "/run/other",
  };
  deepStrictEqual(podEnvironment(own, account, "/opt/bin"), {
    PATH: "/opt/bin:/bin",
    HOME: "/home/sns",
    USER: "sns",
    LOGNAME: "sns",
    XDG_RUNTIME_DIR: "/run/other",
    LANG: "C.UTF-8",
    TZ: "UTC",
    SPACE_LOG_LEVEL: "5",
  });
});

Deno.test("what the daemon lacks is filled in or left out", () => {
  const env = podEnvironment({}, account);
  strictEqual(env.SPACE_LOG_LEVEL, "2");
  strictEqual(env.XDG_RUNTIME_DIR, "/run/user/1000");
  strictEqual(env.PATH?.split(":").includes("/usr/bin"), true);
  deepStrictEqual(["TZ" in env, "LANG" in env], [false, false]);
  strictEqual("XDG_RUNTIME_DIR" in podEnvironment({}, { name: "a", home: "/a" }), false);
});
