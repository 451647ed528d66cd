import assert from "node:assert/strict";
import type { ContainerPod, ExposedPort } from "../spec/pod_spec.ts";
import { renderPortMappings } from "./port_mappings.ts";

const port = (hostPort: number, more: Partial<ExposedPort> = {}): ExposedPort => ({
  hostPort,
  targetPort: 80,
  maxConn: 4096,
  sendProxy: false,
  ...more,
});

const pod = (...ports: (ExposedPort | undefined)[][]): ContainerPod => ({
  kind: "containers",
  name: "web",
  version: "1.0.0",
  api: "1.0.0",
  labels: [],
  volumes: [],
  containers: ports.map((list, index) => ({
    name: `c${index}`,
    image: "i",
    args: [],
    env: [],
    restart: "never",
    network: "pod",
    mounts: [],
    expose: list.map((each) => each ? { port: each, ingress: [] } : { ingress: [] }),
  })),
});

Deno.test("renderPortMappings: a line per cluster port, in order of definition", () => {
  const text = renderPortMappings(pod(
    [port(8082, { clusterPort: 2222 }), port(1), undefined],
    [],
    [port(8081, { clusterPort: 2222, maxConn: 7, sendProxy: true, hostInterface: "127.0.0.1" })],
  ));
  assert.equal(text, "2222:8082:4096:false\n2222:8081:7:true\n");
});

Deno.test("renderPortMappings: nothing to say is no file", () => {
  assert.equal(renderPortMappings(pod()), "");
  assert.equal(renderPortMappings(pod([port(1), undefined])), "");
});
