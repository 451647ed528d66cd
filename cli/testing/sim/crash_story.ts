/** The story that the crash matrix plays again and again, each time with another fault. */
import type { HostState } from "../../project/host.ts";
import { type Files, plainFiles } from "./bundle.ts";
import { Commit, type HostContent, type ReleaseContent } from "./commits.ts";
import type { Fault } from "./faults.ts";
import type { Story } from "./schedule.ts";

const HOSTS = ["h1", "h2", "h3"];

function release(
  pod: string,
  version: string,
  more: Partial<ReleaseContent> & { readonly config?: Readonly<Record<string, string>> } = {},
): ReleaseContent {
  const { config, ...rest } = more;
  const configs: Record<string, Files> = config === undefined ? {} : { conf: plainFiles(config) };
  const files = { pod: `${pod} ${version}\n` };
  return { pod, version, state: "running", files, configs, ...rest };
}

const old: readonly ReleaseContent[] = [
  release("web", "1.0.0", { config: { a: "old a\n", "sub/b": "old b\n", gone: "x\n" } }),
  release("db", "1.0.0", {
    configs: { data: plainFiles({ a: "1\n" }), old: plainFiles({ b: "2\n" }) },
  }),
  release("job", "1.0.0"),
  release("calm", "1.0.0", { config: { main: "nobody touches this\n" } }),
];

/** A new release, a changed and a removed config, new files, a deleted pod, a changed state. */
const changed: readonly ReleaseContent[] = [
  release("web", "1.0.0", {
    state: "stopped",
    config: { a: "new a\n", "sub/b": "new b\n", "sub/fresh": "c\n" },
    files: { pod: "web 1.0.0\n", "pod.ingress.conf": "ingress\n" },
  }),
  release("web", "2.0.0", { config: { a: "a\n" } }),
  release("db", "1.0.0", { configs: { data: plainFiles({ a: "1\n" }) } }),
  release("calm", "1.0.0", { config: { main: "nobody touches this\n" } }),
];

const hosts = (releases: readonly ReleaseContent[], third: HostState): HostContent[] =>
  HOSTS.map((name) => ({ name, releases, state: name === "h3" ? third : "active" }));

/** The second commit also changes hosts.conf; the third takes everything back. */
const first = new Commit("c1-first-commit", hosts(old, "active"), []);
const second = new Commit("c2-second-commit", hosts(changed, "inactive"), first.chain);
const third = new Commit("c3-third-commit", hosts(old, "active"), second.chain);

/** @param last which commit is synced after the faults: the second again, or the third */
export function crashStory(faults: readonly Fault[], last: 1 | 2 = 1): Story {
  return {
    seed: 1,
    commits: [first, second, third],
    before: { h1: 0, h2: 0, h3: 0 },
    first: 1,
    second: 1,
    last,
    parallel: 10,
    faults,
  };
}
