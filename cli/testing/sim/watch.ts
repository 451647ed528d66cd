/** Watches a simulated host: what must hold of it after each single change, whatever goes wrong. */
import { formatCommitChain } from "../../sync/commit_chain.ts";
import type { Commit, ReleaseContent } from "./commits.ts";
import type { Files } from "./bundle.ts";
import type { Machine } from "./machine.ts";
import { readLock, type System } from "./system.ts";

/** What sync itself keeps in a host home. */
const OWN = /^(\.sns-staging\.|\.sns-lock|\.sns-mutex|lock-token\.txt)/;
/** What pods keep beside their release; see {@link Watch.addForeign}. */
const FOREIGN = [".pod.status", "log/1"];
const FILES = ["pod", "pod.portmappings.conf", "pod.ingress.conf"];

export class Watch {
  readonly violations: string[] = [];
  /** Releases that are live: they have a pod.state. */
  readonly #live = new Set<string>();
  readonly #foreign = new Map<string, number>();
  readonly #configDirs = new Map<string, number>();
  #commit: number;
  #fence = 0;

  /**
   * @param commits what operators sync, in the order of their history
   * @param at index of the commit that the host has, -1 for none
   */
  constructor(readonly machine: Machine, readonly commits: readonly Commit[], at: number) {
    this.#commit = at;
    this.#addForeign();
    for (const release of this.#releases()) this.#live.add(release);
    machine.tree.onChange = (path) => this.#changed(path);
  }

  /** Checks everything, as after a power loss. */
  checkAll(): void {
    for (const release of this.#live) this.#checkRelease(release);
    this.#checkCommit(false);
    this.#checkForeign();
  }

  /** What must hold after a sync of `commit` that succeeded; `applied`: something was to be done here. */
  checkFinal(commit: Commit, applied: boolean): void {
    const { tree, name } = this.machine;
    this.checkAll();
    for (const [path, { text, mode }] of Object.entries(commit.expected(name))) {
      const node = tree.get(path);
      if (node?.kind !== "file" || node.text !== text || node.mode !== mode) {
        const there = node?.kind === "file" ? JSON.stringify(node.text) : node?.kind;
        this.#violated(`in the end ${path} is ${there} instead of ${JSON.stringify(text)}`);
      }
    }
    this.#checkExtra(commit);
    for (const path of tree.names("")) {
      // What is left of a killed one goes with the next delivery.
      const own = path === "lock-token.txt" || path.includes(".sns-new") ||
        path.startsWith(".sns-staging.");
      if (own && applied) this.#violated(`in the end there is ${path}`);
    }
  }

  /** In the end no release runs that the commit does not have, and no config has more than it should. */
  #checkExtra(commit: Commit): void {
    const { tree, name } = this.machine;
    const wanted = commit.content(name).releases.filter(({ state }) => state !== "removed");
    const expected = commit.expected(name);
    for (const release of this.#releases()) {
      const is = wanted.some(({ pod, version }) => release === `pods/${pod}/release/${version}`);
      if (!is && tree.read(`${release}/pod.state`) !== "removed\n") {
        this.#violated(`in the end ${release} is not removed`);
      }
      for (const [path, node] of is ? tree.walk(release) : []) {
        const foreign = FOREIGN.some((each) => path === `${release}/${each}`);
        if (node.kind === "file" && expected[path] === undefined && !foreign) {
          this.#violated(`in the end there is ${path}`);
        }
      }
    }
  }

  #addForeign(): void {
    const { tree } = this.machine;
    const files = this.#releases().flatMap((release) =>
      FOREIGN.map((name) => `${release}/${name}`)
    );
    for (const path of ["keep.txt", ...files]) {
      if (path.endsWith("log/1")) tree.mkdir(path.slice(0, -2));
      tree.write(path, path);
      this.#foreign.set(path, tree.get(path)!.ino);
    }
    tree.sync();
    for (const [path, node] of tree.walk()) {
      const [, , , , , config, ...rest] = [, ...path.split("/")];
      if (config === "config" && rest.length === 1 && node.kind === "dir") {
        this.#configDirs.set(path, node.ino);
      }
    }
  }

  #releases(): string[] {
    const { tree } = this.machine;
    return tree.names("pods").flatMap((pod) =>
      tree.names(`pods/${pod}/release`).map((version) => `pods/${pod}/release/${version}`)
    ).filter((release) => tree.isFile(`${release}/pod.state`));
  }

  #changed(path: string): void {
    if (OWN.test(path)) return this.#checkFence();
    this.#checkWriter(path);
    if (path === "commit-chain.txt") return this.#checkCommit(true);
    if (path === "hosts.conf") return this.#checkHostsConf();
    const release = /^pods\/[^/]+\/release\/[^/]+/.exec(path)?.[0];
    if (release === undefined) {
      if (!/^pods(\/[^/]+(\/release)?)?$/.test(path)) this.#violated(`${path} was touched`);
      return;
    }
    if (this.#sameInAll(release)) this.#violated(`${path} was touched, which no plan names`);
    if (FOREIGN.some((name) => path === `${release}/${name}`)) {
      this.#violated(`${path} was touched, which is the pod's`);
    }
    this.#checkRelease(release, path === `${release}/pod.state`);
  }

  #checkFence(): void {
    const { fence } = this.#lock();
    if (fence < this.#fence) this.#violated(`the fence fell from ${this.#fence} to ${fence}`);
    this.#fence = Math.max(this.#fence, fence);
  }

  #lock() {
    return readLock({ tree: this.machine.tree } as System);
  }

  /** Only an apply writes, with the mutex and the lock that is valid. */
  #checkWriter(path: string): void {
    const { current } = this.machine;
    if (current === undefined || current.name !== "apply") {
      return this.#violated(`${path} was written by ${current?.name}`);
    }
    if (!this.machine.hasMutex(current)) this.#violated(`${path} was written without the mutex`);
    const { token, fence } = this.#lock();
    const [ownToken, ownFence] = current.args;
    if (token !== ownToken || String(fence) !== ownFence) {
      this.#violated(
        `${path} was written with the lock ${ownToken}, fence ${ownFence},` +
          ` while ${token}, fence ${fence} is valid`,
      );
    }
  }

  #checkCommit(changed: boolean): void {
    const { tree, name } = this.machine;
    const text = tree.read("commit-chain.txt");
    const at = this.commits.findIndex(({ chain }) => formatCommitChain(chain) === text);
    if (at < 0 && (text !== undefined || this.#commit >= 0)) {
      return this.#violated(`commit-chain.txt is ${JSON.stringify(text)}`);
    }
    if (at < this.#commit) this.#violated(`rolled back from commit ${this.#commit} to ${at}`);
    this.#commit = at;
    if (!changed) return;
    for (const [path, file] of Object.entries(this.commits[at]!.expected(name))) {
      if (tree.read(path) !== file.text) {
        this.#violated(`the commits were recorded when ${path} was not there`);
      }
    }
  }

  #checkHostsConf(): void {
    const { tree, name } = this.machine;
    const text = tree.read("hosts.conf");
    if (!this.commits.some((commit) => commit.desired(name).hostsConf === text)) {
      this.#violated(`hosts.conf is ${JSON.stringify(text)}`);
    }
  }

  #checkForeign(): void {
    for (const [path, ino] of this.#foreign) {
      if (this.machine.tree.get(path)?.ino !== ino) this.#violated(`${path} is gone`);
    }
  }

  /** What the commits say of a release; `undefined` where one does not have it. */
  #contents(release: string): (ReleaseContent | undefined)[] {
    const { name } = this.machine;
    return this.commits.map((commit) =>
      commit.content(name).releases.find(({ pod, version }) =>
        release === `pods/${pod}/release/${version}`
      )
    );
  }

  #sameInAll(release: string): boolean {
    const [first, ...others] = this.#contents(release).map((content) => JSON.stringify(content));
    // What a host does not have yet may be delivered.
    return this.#commit >= 0 && others.every((other) => other === first) &&
      this.#live.has(release);
  }

  #checkRelease(release: string, stateChanged = false): void {
    const { tree } = this.machine;
    const state = tree.read(`${release}/pod.state`);
    if (state === undefined) {
      if (this.#live.has(release)) this.#violated(`${release} lost its pod.state`);
      return;
    }
    this.#live.add(release);
    const contents = this.#contents(release);
    const states = contents.map((content) => `${content?.state ?? "removed"}\n`);
    if (!states.includes(state)) {
      this.#violated(`${release}/pod.state is ${JSON.stringify(state)}`);
    }
    for (const file of FILES) this.#checkFile(release, file, contents);
    const names = new Set([
      ...contents.flatMap((content) => Object.keys(content?.configs ?? {})),
      ...tree.names(`${release}/config`).map((name) => name.replace(/\.txt$|^\.|\.shape$/g, "")),
    ]);
    for (const name of names) this.#checkConfig(release, name, contents);
    if (!stateChanged) return;
    const whole = contents.some((content, at) =>
      states[at] === state && (content === undefined || this.#holds(release, content))
    );
    if (!whole) this.#violated(`${release} was set to ${state.trim()} before all of it was there`);
  }

  #checkFile(release: string, name: string, contents: readonly (ReleaseContent | undefined)[]) {
    const text = this.machine.tree.read(`${release}/${name}`);
    if (contents.some((content) => content !== undefined && content.files[name] === text)) return;
    this.#violated(`${release}/${name} is ${JSON.stringify(text)}, which no commit says`);
  }

  /** With a checksum it is one of the commits'; without one each file of it is. */
  #checkConfig(
    release: string,
    name: string,
    contents: readonly (ReleaseContent | undefined)[],
  ): void {
    const { tree } = this.machine;
    const path = `${release}/config/${name}`;
    const all = contents.flatMap((content) => content === undefined ? [] : [content.configs[name]]);
    const ino = this.#configDirs.get(path);
    const now = tree.get(path)?.ino;
    if (ino !== undefined && now !== ino && !all.includes(undefined)) {
      this.#violated(`the directory ${path} is another one now`);
    }
    if (tree.isFile(`${path}.txt`)) {
      if (!all.some((files) => files !== undefined && this.#sameConfig(path, files))) {
        this.#violated(`${path} has a checksum, but is mixed`);
      }
      return;
    }
    for (const [file, node] of tree.walk(path)) {
      if (node.kind === "dir") continue;
      const inside = file.slice(path.length + 1);
      if (!all.some((files) => files?.[inside]?.text === node.text)) {
        this.#violated(`${file} is ${JSON.stringify(node.text)}, which no commit says`);
      }
    }
  }

  #sameConfig(path: string, files: Files): boolean {
    const found = [...this.machine.tree.walk(path)].filter(([, { kind }]) => kind === "file");
    return found.length === Object.keys(files).length && found.every(([file, node]) => {
      const wanted = files[file.slice(path.length + 1)];
      return node.kind === "file" && wanted?.text === node.text && wanted.mode === node.mode;
    });
  }

  #holds(release: string, { files, configs }: ReleaseContent): boolean {
    const { tree } = this.machine;
    return FILES.every((name) => tree.read(`${release}/${name}`) === files[name]) &&
      Object.entries(configs).every(([name, content]) =>
        tree.isFile(`${release}/config/${name}.txt`) &&
        this.#sameConfig(`${release}/config/${name}`, content)
      );
  }

  #violated(what: string): void {
    const { name, clock } = this.machine;
    this.violations.push(`${name} at ${clock.now.toFixed(1)} ms: ${what}`);
  }
}
