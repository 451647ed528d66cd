/** Which known word somebody meant. */
export { nearest } from "../../proxy/conf/mod.ts";
