import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { homePaths, releaseDir, releasePaths } from "./layout.ts";

Deno.test("paths of a host home and of a release", () => {
  strictEqual(homePaths("/h").hostsConf, "/h/hosts.conf");
  strictEqual(homePaths("/h").daemonLock, "/h/.simplenetesd.lock");
  strictEqual(releaseDir("/h", "web", "1.0.0"), "/h/pods/web/release/1.0.0");
  deepStrictEqual({ ...releasePaths("/r") }, {
    pod: "/r/pod",
    state: "/r/pod.state",
    action: "/r/pod.action",
    status: "/r/.pod.status",
    portMappings: "/r/pod.portmappings.conf",
    ingress: "/r/pod.ingress.conf",
    config: "/r/config",
  });
});
