/** The file formats that the proxy reads, and the port plan they share with everyone else. */
export * from "./hosts_conf.ts";
export * from "./port_mappings.ts";
export * from "./ports.ts";
export { VERSION } from "./version.ts";
