/** The Pod API: what a compiled `pod` takes and leaves, for those who run pods. */
export * from "./action.ts";
export * from "./status_file.ts";
export { HEADER_BYTES, startsFirst } from "./update_order.ts";
