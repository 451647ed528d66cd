/** For tests of every folder: loopback addresses and ports that nobody else takes. */
export { freshAddress, freshPort, isListening, sharedPort } from "./loopback.ts";
