/** The door of the daemon's layer: the seam to hosts and the layout of a host home. */
export * from "./host/host.ts";
export * from "./host/layout.ts";
export { LocalHost, type LocalHostOptions } from "./host/local_host.ts";
export { sleep } from "./sleep.ts";
export { systemdUnit, USER_SERVICES, USER_SERVICES_FILE } from "./systemd/unit.ts";
