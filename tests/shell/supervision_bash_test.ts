import { supervisionSuite } from "./supervision.ts";

await supervisionSuite("bash");
