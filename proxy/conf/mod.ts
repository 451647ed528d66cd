/** The file formats that the proxy reads, and the port plan they share with everyone else. */
export * from "./hosts_conf.ts";
export { networkFilter } from "./networks.ts";
export { nearest } from "./nearest.ts";
export * from "./port_mappings.ts";
export * from "./port_ranges.ts";
export * from "./ports.ts";
export * from "./proxy_conf.ts";
export { VERSION } from "./version.ts";
