import assert from "node:assert/strict";
import type { Container, ContainerPod, Volume } from "../spec/pod_spec.ts";
import { containerRunWords } from "./container_run.ts";
import { podCreateWords } from "./pod_create.ts";

const container = (more: Partial<Container>): Container => ({
  name: "web",
  image: "example.com/web:1",
  args: [],
  env: [],
  restart: "never",
  network: "pod",
  mounts: [],
  expose: [],
  ...more,
});
const pod = (containers: Container[], volumes: Volume[] = []): ContainerPod => ({
  kind: "containers",
  name: "app",
  version: "1.0.0",
  api: "1.0.0",
  labels: [],
  volumes,
  containers,
});
const words = (more: Partial<Container>, volumes: Volume[] = []) =>
  containerRunWords(container(more), pod([container(more)], volumes));

/** What every one has, around `more`. */
const around = (...more: string[]) => ['--pod "$object"', ...more, "example.com/web:1"];

Deno.test("containerRunWords: nothing but the pod and the image", () => {
  assert.deepEqual(words({}), around());
  assert.deepEqual(words({ network: "host" }), ["--network host", "example.com/web:1"]);
});

Deno.test("containerRunWords: what a container may do and use", () => {
  const table: [Partial<Container>, string[]][] = [
    [{ stopSignal: "RTMIN+3" }, ["--stop-signal RTMIN+3"]],
    [{ user: "app:1000" }, ["--user app:1000"]],
    [{ readOnly: true }, ["--read-only"]],
    [{ capAdd: ["NET_ADMIN"], capDrop: ["ALL"] }, ["--cap-drop ALL", "--cap-add NET_ADMIN"]],
    [{ tmpfs: [{ dest: "/a b", sizeMiB: 5 }, { dest: "/c" }] }, [
      "--tmpfs '/a b:notmpcopyup,mode=1777,size=5m'",
      "--tmpfs /c:notmpcopyup,mode=1777",
    ]],
    [{ resources: { cpus: 0.5, memoryBytes: 2 ** 30, pids: 9 } }, [
      "--cpus 0.5",
      "--memory 1073741824b",
      "--pids-limit 9",
    ]],
    [{ resources: { pids: 9 } }, ["--pids-limit 9"]],
  ];
  for (const [more, expected] of table) assert.deepEqual(words(more), around(...expected));
});

Deno.test("containerRunWords: every kind of mount, to write and to read", () => {
  const volumes: Volume[] = [
    { type: "volume", name: "own", shared: "no" },
    { type: "volume", name: "all", shared: "host" },
    { type: "host", name: "dir", bind: "/srv/it's" },
    { type: "config", name: "conf" },
    { type: "ramdisk", name: "ram", sizeMiB: 1 },
  ];
  const mounts = (readOnly: boolean) =>
    volumes.map(({ name }) => ({ volume: name, dest: `/${name}`, readOnly }));
  assert.deepEqual(
    words({ mounts: mounts(false) }, volumes),
    around(
      '--volume own-app-1.0.0"$suffix":/own:z,rw',
      "--volume all:/all:z,rw",
      `--volume "/srv/it's:/dir:z,rw,dev"`,
      '--volume "$PWD"/config/conf:/conf:z,ro',
      '--volume "$PWD"/ramdisk/ram:/ram:z,rw',
    ),
  );
  assert.deepEqual(
    words({ mounts: mounts(true) }, volumes),
    around(
      '--volume own-app-1.0.0"$suffix":/own:z,ro',
      "--volume all:/all:z,ro",
      `--volume "/srv/it's:/dir:z,ro,dev"`,
      '--volume "$PWD"/config/conf:/conf:z,ro',
      '--volume "$PWD"/ramdisk/ram:/ram:z,ro',
    ),
  );
});

Deno.test("podCreateWords: ports of both protocols, at addresses of both kinds", () => {
  const port = { hostPort: 8080, targetPort: 80, maxConn: 1, sendProxy: false };
  const expose = [
    { port, ingress: [] },
    { port: { ...port, protocol: "udp" as const }, ingress: [] },
    { port: { ...port, hostInterface: "127.0.0.2" }, ingress: [] },
    { port: { ...port, hostInterface: "::1", protocol: "udp" as const }, ingress: [] },
    { ingress: [] },
  ];
  const hidden = container({ network: "host", expose });
  assert.deepEqual(podCreateWords(pod([container({ expose }), hidden])), [
    '--name "$object"',
    '--label "simplenetes.name=$pod_name"',
    '--publish "$at"8080:80',
    '--publish "$at"8080:80/udp',
    "--publish 127.0.0.2:8080:80",
    "--publish '[::1]:8080:80/udp'",
  ]);
});
