/** A web pod whose versions answer with their names: HAProxy in a container, which keeps connections. */
import { INGRESS_IMAGE } from "./image.ts";

export interface AnsweringOptions {
  /** Public ports; for each there is a rule of the ingress. */
  readonly http: number;
  readonly https: number;
  /** One of its own by default. */
  readonly clusterPort?: number;
  /** {@link INGRESS_IMAGE} by default. */
  readonly image?: string;
}

/** The pod.yaml of a version. Each version gets a host port of its own. */
export function answeringPod(version: string, options: AnsweringOptions): string {
  const { http, https, clusterPort = "${CLUSTERPORTAUTO1}", image = INGRESS_IMAGE } = options;
  return `api: 1.0.0
podVersion: ${version}
volumes:
  - name: site
    type: config
containers:
  - name: server
    image: ${image}
    command: [haproxy, -db, -f, /site/haproxy.cfg]
    env:
      - name: VERSION
        value: ${version}
    restart: always
    stopSignal: USR1
    readinessProbe:
      cmd: [wget, -qO-, "http://127.0.0.1:8080/"]
      interval: 1
    mounts:
      - volume: site
        dest: /site
    expose:
      - targetPort: 8080
        hostPort: \${HOSTPORTAUTO1}
        clusterPort: ${clusterPort}
        ingress:
          - { protocol: http, pathBeg: /, bind: ${http} }
          - { protocol: https, pathBeg: /, bind: ${https} }
`;
}

/** What the pod has as `config/site/haproxy.cfg`. */
export const ANSWERING_CFG = `defaults
    mode http
    timeout connect 5s
    timeout client 1m
    timeout server 1m

frontend web
    bind :8080
    http-request return status 200 content-type text/plain string "$VERSION\\n"
`;
