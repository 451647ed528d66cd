/**
 * pod.ingress.conf: the public traffic that a release asks for. Blocks of `key value` lines; a block
 * begins with `bind` and ends where a key comes again. podc writes it, and so may other programs.
 */

/** What becomes of a request that a rule matches. */
export type RuleAction =
  | { readonly kind: "server"; readonly clusterPort: number }
  | { readonly kind: "redirectToHttps" }
  | { readonly kind: "redirectLocation" | "redirectPrefix"; readonly url: string }
  | { readonly kind: "errorfile"; readonly code: number; readonly path: string };

export type Protocol = "http" | "https" | "tcp";

export interface Rule {
  /** Where its block begins in the file, from 1. */
  readonly line: number;
  readonly bind: number;
  readonly protocol: Protocol;
  /** In lower case; `*` stands for all, `*.example.com` for that domain and all below it. */
  readonly domains: readonly string[];
  readonly weight: number;
  readonly path: readonly string[];
  readonly pathBeg: readonly string[];
  readonly pathEnd: readonly string[];
  readonly action: RuleAction;
}

/** Something in the file that is wrong (`error`) or without effect (`warning`). */
export interface Problem {
  readonly severity: "error" | "warning";
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedIngressConf {
  readonly rules: readonly Rule[];
  readonly problems: readonly Problem[];
}

const KEYS = [
  ...["bind", "protocol", "host", "weight", "path", "path_beg", "path_end"],
  ...["redirect_to_https", "redirect_location", "redirect_prefix", "errorfile", "clusterport"],
] as const;

/** Cluster ports from this one on are for the cluster alone. */
export const FIRST_PRIVATE_PORT = 64000;

/** Codes that HAProxy answers with by itself. */
const CODES = [
  ...[200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504],
];

interface Block {
  readonly line: number;
  readonly values: ReadonlyMap<string, { readonly value: string; readonly line: number }>;
}

/** Reads the whole file; a block with an error gives no rule. */
export function parseIngressConf(text: string): ParsedIngressConf {
  const rules: Rule[] = [];
  const problems: Problem[] = [];
  for (const block of blocksOf(text)) {
    const reader = new BlockReader(block, problems);
    const rule = reader.rule();
    if (!reader.failed && rule !== undefined) rules.push(rule);
  }
  return { rules, problems };
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let values = new Map<string, { value: string; line: number }>();
  const end = () => {
    const [first] = values.values();
    if (first !== undefined) blocks.push({ line: first.line, values });
    values = new Map();
  };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const key = /^[^\s]*/.exec(line)![0];
    if (!KEYS.some((known) => known === key)) continue;
    if (values.has(key)) end();
    values.set(key, { value: line.slice(key.length).trim(), line: index + 1 });
  }
  end();
  return blocks;
}

/** Reads one block, and notes what is wrong with it. */
class BlockReader {
  failed = false;

  constructor(readonly block: Block, readonly problems: Problem[]) {}

  rule(): Rule | undefined {
    const protocol = this.#protocol();
    const bind = this.#number("bind", 1, 65535);
    const rule = {
      line: this.block.line,
      domains: this.#domains(),
      weight: this.#number("weight", 0, 999_999_999, 100) ?? 100,
      path: this.#words("path"),
      pathBeg: this.#words("path_beg"),
      pathEnd: this.#words("path_end"),
    };
    const action = this.#action();
    if (protocol === undefined || bind === undefined || action === undefined) return undefined;
    this.#checkTogether(protocol, rule, action);
    return { ...rule, bind, protocol, action };
  }

  #error(key: string, message: string): undefined {
    this.failed = true;
    const line = this.block.values.get(key)?.line ?? this.block.line;
    this.problems.push({ severity: "error", line, message });
  }

  #value(key: string): string | undefined {
    const value = this.block.values.get(key)?.value;
    if (value === undefined || !/\p{Cc}/u.test(value)) return value;
    return this.#error(key, `${key} has a control character`);
  }

  #words(key: string): string[] {
    const words = (this.#value(key) ?? "").split(/\s+/).filter((word) => word !== "");
    // HAProxy takes these for the ends of a condition, quoted or not.
    const brace = words.find((word) => word === "{" || word === "}");
    if (brace !== undefined) this.#error(key, `${key} ${brace} cannot be told to HAProxy`);
    return [...new Set(words)].sort();
  }

  #number(key: string, min: number, max: number, absent?: number): number | undefined {
    const value = this.#value(key);
    if (value === undefined) {
      return absent ?? this.#error(key, `a rule without ${key}`);
    }
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    return this.#error(key, `${key} is "${value}", but must be a number from ${min} to ${max}`);
  }

  #protocol(): Protocol | undefined {
    const value = this.#value("protocol");
    if (value === "http" || value === "https" || value === "tcp") return value;
    return this.#error(
      "protocol",
      value === undefined
        ? "a rule without protocol"
        : `protocol is "${value}", but must be http, https or tcp`,
    );
  }

  #domains(): string[] {
    const words = this.#words("host").map((word) => word.toLowerCase().replace(/\.$/, ""));
    const wrong = words.find((word) => !/^(\*|\*?[a-z0-9._-]+)$/.test(word));
    if (wrong !== undefined) {
      this.#error(
        "host",
        `"${wrong}" is no domain like example.com or *.example.com` +
          (wrong.includes(":") ? "; the port is what bind says" : ""),
      );
    }
    return [...new Set(words)].sort();
  }

  #action(): RuleAction | undefined {
    const found: RuleAction[] = [];
    const toHttps = this.#value("redirect_to_https");
    if (toHttps === "true") found.push({ kind: "redirectToHttps" });
    for (const kind of ["redirectLocation", "redirectPrefix"] as const) {
      const url = this.#value(
        kind === "redirectLocation" ? "redirect_location" : "redirect_prefix",
      );
      if (url !== undefined) found.push({ kind, url });
    }
    const errorfile = this.#errorfile();
    if (errorfile !== undefined) found.push(errorfile);
    const [action, another] = found;
    if (another !== undefined) {
      return this.#error(
        keyOf(another),
        `a rule has one action only, this one has ${found.length}`,
      );
    }
    const port = this.#value("clusterport");
    if (action !== undefined) {
      if (port !== undefined) {
        const message = `clusterport ${port} has no effect beside ${keyOf(action)}`;
        const line = this.block.values.get("clusterport")!.line;
        this.problems.push({ severity: "warning", line, message });
      }
      return action;
    }
    if (this.failed) return undefined;
    const clusterPort = this.#number("clusterport", 1, 65535);
    if (clusterPort === undefined) return undefined;
    if (clusterPort < FIRST_PRIVATE_PORT) return { kind: "server", clusterPort };
    return this.#error(
      "clusterport",
      `cluster port ${clusterPort} is for the cluster alone: from ${FIRST_PRIVATE_PORT} on none is` +
        " made public",
    );
  }

  #errorfile(): RuleAction | undefined {
    const value = this.#value("errorfile");
    if (value === undefined) return undefined;
    const [code = "", path = "", rest] = value.split(/\s+/);
    if (!CODES.includes(Number(code)) || rest !== undefined) {
      return this.#error(
        "errorfile",
        `errorfile is "${value}", but must be one of the codes ${CODES.join(", ")} and a file`,
      );
    }
    const local = /^\/mnt\/((?:[A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*)$/
      .exec(path)?.[1];
    if (local?.includes("/")) return { kind: "errorfile", code: Number(code), path: local };
    return this.#error("errorfile", `errorfile ${path} is not a file in the ingress's /mnt/conf`);
  }

  #checkTogether(
    protocol: Protocol,
    { path, pathBeg, pathEnd }: Pick<Rule, "path" | "pathBeg" | "pathEnd">,
    action: RuleAction,
  ): void {
    const begOrEnd = pathBeg.length > 0 ? "path_beg" : pathEnd.length > 0 ? "path_end" : undefined;
    if (path.length > 0 && begOrEnd !== undefined) {
      this.#error(begOrEnd, `${begOrEnd} cannot stand beside path: make two rules of it`);
    }
    if (protocol === "tcp") {
      const key = path.length > 0 ? "path" : begOrEnd;
      if (key !== undefined) this.#error(key, `${key} is for http and https, this rule is for tcp`);
      if (action.kind !== "server") {
        const actionKey = keyOf(action);
        this.#error(actionKey, `${actionKey} is for http and https, this rule is for tcp`);
      }
    }
    if (protocol === "https" && action.kind === "redirectToHttps") {
      this.#error("redirect_to_https", "redirect_to_https in a rule for https never ends");
    }
  }
}

function keyOf({ kind }: RuleAction): string {
  if (kind === "server") return "clusterport";
  return kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
