import { runtimeSuite } from "./pod_runtime.ts";

await runtimeSuite("dash");
