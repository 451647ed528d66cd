/** The example pod: a web server for one directory, in a container or as a program on the host. */

/** What serves the page. */
export type Server =
  | { readonly kind: "container"; readonly image: string }
  /** A program of the host that can serve files. */
  | { readonly kind: "program"; readonly program: "busybox" | "python3" };

/** The image of the example, when none is named. */
export const DEFAULT_IMAGE = "docker.io/library/busybox:1.37";

/** The page that is served. */
export const PAGE = "<h1>Hello from a pod</h1>\n";

/**
 * The text of its pod.yaml.
 *
 * @param address the loopback address of the host; a program listens nowhere else
 */
export function examplePod(server: Server, address: string): string {
  return server.kind === "container"
    ? containerPod(server.image)
    : programPod(COMMANDS[server.program](address));
}

const COMMANDS = {
  busybox: (address: string) =>
    `[busybox, httpd, -f, -p, "${address}:\${HOSTPORTAUTO1}", -h, config/site]`,
  python3: (address: string) =>
    `[python3, -m, http.server, --bind, ${address}, --directory, config/site, "\${HOSTPORTAUTO1}"]`,
} as const;

function containerPod(image: string): string {
  return `# A web server in a container. Other pods reach it at proxy:<clusterPort>, wherever it runs.
api: 1.0.0
podVersion: 1.0.0

volumes:
  - name: site
    type: config # the files of config/site, also of releases that run

containers:
  - name: web
    image: ${JSON.stringify(image)}
    command: [httpd, -f, -p, "8080", -h, /site]
    stopSignal: KILL # this httpd takes no other, and has nothing to finish
    restart: always
    readinessProbe:
      cmd: [wget, -q, -O, /dev/null, "http://localhost:8080/"]
      timeout: 5
    mounts:
      - volume: site
        dest: /site
    expose:
      - targetPort: 8080
        hostPort: \${HOSTPORTAUTO1}
        clusterPort: \${CLUSTERPORTAUTO1}
`;
}

function programPod(command: string): string {
  return `# A web server as a program on the host. Other pods reach it at proxy:<clusterPort>.
api: 1.0.0
podVersion: 1.0.0
runtime: executable

volumes:
  - name: site
    type: config # the files of config/site, also of releases that run

executable:
  command: ${command}
  restart: always
  expose:
    - hostPort: \${HOSTPORTAUTO1}
      clusterPort: \${CLUSTERPORTAUTO1}
`;
}
