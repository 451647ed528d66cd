/** A host home in memory: files, directories and links, with what a full disk and a pulled plug do. */

export interface FileNode {
  readonly kind: "file";
  text: string;
  mode: number;
  /** Unix seconds. */
  mtime: number;
  /** Whether a power loss leaves its text. */
  durable: boolean;
  readonly ino: number;
}

export interface DirNode {
  readonly kind: "dir";
  mode: number;
  readonly children: Map<string, Node>;
  readonly ino: number;
}

export type Node = FileNode | DirNode;

/** Nothing more can be written. */
export class NoRoomError extends Error {
  override readonly name = "NoRoomError";
}

/** Why a call failed; the shell program goes on with its next `||`. */
export class CallError extends Error {
  override readonly name = "CallError";
}

/** A file system of one home. Each method is one system call: it happens as a whole or not at all. */
export class Tree {
  readonly root: DirNode;
  /** Bytes that may still be written. */
  room = Infinity;
  /** Called after each change, with the path that changed. */
  onChange: (path: string) => void = () => {};
  #inodes = 0;

  constructor() {
    this.root = this.#dir();
  }

  get(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (let from = 0; node !== undefined;) {
      if (node.kind !== "dir") return undefined;
      const to = path.indexOf("/", from);
      node = node.children.get(to < 0 ? path.slice(from) : path.slice(from, to));
      if (to < 0) return node;
      from = to + 1;
    }
    return node;
  }

  isFile(path: string): boolean {
    return this.get(path)?.kind === "file";
  }

  isDir(path: string): boolean {
    return this.get(path)?.kind === "dir";
  }

  /** The text of a file, `undefined` when there is none. */
  read(path: string): string | undefined {
    const node = this.get(path);
    return node?.kind === "file" ? node.text : undefined;
  }

  /** Names in a directory in the order of the C locale, those with a dot last, as the programs go. */
  names(path: string): string[] {
    const node = path === "" ? this.root : this.get(path);
    if (node?.kind !== "dir") return [];
    const all = [...node.children.keys()].sort();
    const hidden = (name: string) => name.startsWith(".");
    return [...all.filter((name) => !hidden(name)), ...all.filter(hidden)];
  }

  /**
   * Writes a file as `>` does, keeping the mode of one that is there. Where the room ends it holds a part.
   *
   * @throws {NoRoomError}
   */
  write(path: string, text: string, now = 0, mode = 0o644): void {
    const [parent, name] = this.#parent(path);
    const present = parent.children.get(name);
    if (present?.kind === "dir") throw new CallError(`${path} is a directory`);
    if (present !== undefined) this.room += present.text.length;
    else this.#takeEntry(path);
    const fits = text.slice(0, Math.min(text.length, this.room));
    this.room -= fits.length;
    const file = present ?? this.#file(mode);
    Object.assign(file, { text: fits, mtime: now, durable: false });
    parent.children.set(name, file);
    this.onChange(path);
    if (fits.length < text.length) throw new NoRoomError(path);
  }

  /** Makes a file when there is none, else renews its time. */
  touch(path: string, now: number): void {
    const present = this.get(path);
    if (present?.kind === "file") present.mtime = now;
    else this.write(path, "", now);
  }

  mkdir(path: string, mode = 0o755): void {
    const [parent, name] = this.#parent(path);
    if (parent.children.has(name)) throw new CallError(`${path} exists`);
    this.#takeEntry(path);
    parent.children.set(name, this.#dir(mode));
    this.onChange(path);
  }

  /** Makes a directory with those above it, without stopping between them. */
  mkdirs(path: string): void {
    const parts = path.split("/");
    for (let end = 1; end <= parts.length; end++) {
      const dir = parts.slice(0, end).join("/");
      if (!this.isDir(dir)) this.mkdir(dir);
    }
  }

  chmod(path: string, mode: number): void {
    const node = this.get(path);
    if (node === undefined) throw new CallError(`there is no ${path}`);
    node.mode = mode;
  }

  /** rename(2): a file takes the place of a file, a directory only that of nothing. */
  rename(from: string, to: string): void {
    const [source, name] = this.#parent(from);
    const node = source.children.get(name);
    if (node === undefined) throw new CallError(`there is no ${from}`);
    const [target, newName] = this.#parent(to);
    const present = target.children.get(newName);
    if (present !== undefined && (present.kind === "dir" || node.kind === "dir")) {
      throw new CallError(`${to} is in the way`);
    }
    if (present?.kind === "file") this.room += present.text.length;
    source.children.delete(name);
    target.children.set(newName, node);
    this.onChange(from);
    this.onChange(to);
  }

  /** Removes a file or an empty directory; nothing there is fine. */
  remove(path: string): void {
    if (this.get(path) === undefined) return;
    const [parent, name] = this.#parent(path);
    const node = parent.children.get(name)!;
    if (node.kind === "dir" && node.children.size > 0) throw new CallError(`${path} is not empty`);
    if (node.kind === "file") this.room += node.text.length;
    parent.children.delete(name);
    this.onChange(path);
  }

  /** All that was written stays from now on, whatever happens to the power. */
  sync(): void {
    for (const [, node] of this.walk()) if (node.kind === "file") node.durable = true;
  }

  syncFile(path: string): void {
    const node = this.get(path);
    if (node?.kind === "file") node.durable = true;
  }

  /** The power is gone: of texts that never reached the disk, those that `lost` says are empty. */
  powerLoss(lost: (path: string) => boolean): void {
    for (const [path, node] of this.walk()) {
      if (node.kind !== "file" || node.durable) continue;
      node.durable = true;
      if (!lost(path)) continue;
      this.room += node.text.length;
      node.text = "";
    }
  }

  /** Everything below `path`, each directory before what is in it. */
  *walk(path = ""): Generator<[string, Node]> {
    for (const name of this.names(path)) {
      const below = path === "" ? name : `${path}/${name}`;
      const node = this.get(below)!;
      yield [below, node];
      if (node.kind === "dir") yield* this.walk(below);
    }
  }

  #parent(path: string): [DirNode, string] {
    const at = path.lastIndexOf("/");
    const parent = at < 0 ? this.root : this.get(path.slice(0, at));
    if (parent?.kind !== "dir") throw new CallError(`there is no directory for ${path}`);
    return [parent, path.slice(at + 1)];
  }

  /** A full disk has no room for a name either. */
  #takeEntry(path: string): void {
    if (this.room <= 0) throw new NoRoomError(path);
  }

  #file(mode: number): FileNode {
    return { kind: "file", text: "", mode, mtime: 0, durable: false, ino: ++this.#inodes };
  }

  #dir(mode = 0o755): DirNode {
    return { kind: "dir", mode, children: new Map(), ino: ++this.#inodes };
  }
}
