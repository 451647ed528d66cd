/** What to log in with: KEYFILE, with its passphrase asked for once, and the keys of an agent. */
import { messageOf } from "../errors.ts";
import { fixScalarLength } from "./ec_key.ts";
import { HopError } from "./hop_error.ts";
import type { Hop } from "./route.ts";
import {
  type AnyAuthMethod,
  type IdentityCallback,
  OpenSSHAgent,
  type ParsedKey,
  utils,
} from "./ssh2.ts";

/**
 * Asks the person at the terminal. `secret` keeps the answer off the screen.
 *
 * @returns `undefined` when there is no terminal, or no answer
 */
export type Ask = (question: string, options: { secret: boolean }) => Promise<string | undefined>;

/** The ways in, in the order in which they are tried. */
export interface Login {
  readonly methods: readonly AnyAuthMethod[];
  /** What they are, for the message when all of them fail. */
  readonly offered: string;
}

export interface IdentityOptions {
  /** Path of the agent's socket. */
  readonly agent: string | undefined;
  readonly ask: Ask;
  readonly warn: (text: string) => void;
}

const PASSPHRASE_TRIES = 3;

/** The keys of one command; each passphrase is asked for once. */
export class Identities {
  readonly #keys = new Map<string, Promise<ParsedKey | undefined>>();
  /** Questions come one after the other. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(readonly options: IdentityOptions) {}

  /**
   * The ways into a hop.
   *
   * @throws {HopError} when there is none
   */
  async login(hop: Hop): Promise<Login> {
    const { user: username, keyFile, password, flags } = hop;
    if (password !== undefined) return withPassword(username, password);
    const agent = this.options.agent;
    const viaAgent = (only?: Uint8Array): AnyAuthMethod[] =>
      agent === undefined ? [] : [{
        type: "agent",
        username,
        agent: only === undefined ? agent : new OneKeyAgent(agent, only),
      }];
    if (keyFile === undefined) {
      if (agent !== undefined) return { methods: viaAgent(), offered: "the keys of the agent" };
      throw noKey(hop, "KEYFILE is empty");
    }
    const text = await readKeyFile(keyFile);
    if (text === undefined) {
      if (agent !== undefined && !flags.identitiesOnly) {
        return {
          methods: viaAgent(),
          offered: `the keys of the agent (${keyFile} does not exist)`,
        };
      }
      throw noKey(hop, `${keyFile} does not exist`);
    }
    const held = agent === undefined ? undefined : await heldKey(agent, keyFile, text);
    if (held !== undefined && isEncrypted(text)) {
      return { methods: viaAgent(held), offered: `${keyFile} (from the agent)` };
    }
    const key = await this.#key(keyFile, text);
    return {
      methods: [
        { type: "publickey", username, key },
        ...(flags.identitiesOnly ? [] : viaAgent()),
      ],
      offered: keyFile + (agent === undefined || flags.identitiesOnly ? "" : " and the agent's"),
    };
  }

  async #key(keyFile: string, text: string): Promise<ParsedKey> {
    let key = this.#keys.get(keyFile);
    if (key === undefined) {
      key = this.#load(keyFile, text);
      this.#keys.set(keyFile, key);
    }
    const loaded = await key;
    if (loaded !== undefined) return loaded;
    throw new HopError("refused", `the key ${keyFile} needs a passphrase, and nobody gave it`, {
      hint: `ssh-add ${keyFile}, or run the command in a terminal`,
    });
  }

  async #load(keyFile: string, text: string): Promise<ParsedKey | undefined> {
    await this.#checkMode(keyFile);
    if (!isEncrypted(text)) return parse(keyFile, text);
    const turn = this.#asking.then(() => this.#unlock(keyFile, text));
    // The next question does not care how this one ended.
    this.#asking = turn.catch(() => {});
    return await turn;
  }

  async #unlock(keyFile: string, text: string): Promise<ParsedKey | undefined> {
    for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
      const again = tries === 0 ? "" : "That is not it. ";
      const passphrase = await this.options.ask(
        `${again}Passphrase of ${keyFile}: `,
        { secret: true },
      );
      if (passphrase === undefined || passphrase === "") return undefined;
      const key = utils.parseKey(text, passphrase);
      if (!(key instanceof Error) || !/passphrase/i.test(key.message)) {
        return parse(keyFile, text, passphrase);
      }
    }
    return undefined;
  }

  async #checkMode(keyFile: string): Promise<void> {
    const { mode } = await Deno.stat(keyFile);
    if (mode === null || (mode & 0o77) === 0) return;
    const shown = (mode & 0o777).toString(8);
    this.options.warn(`Others may read the key ${keyFile} (mode ${shown}): chmod 600 ${keyFile}`);
  }
}

/** Some servers ask for it by a question of their own. */
function withPassword(username: string, password: string): Login {
  const answer: AnyAuthMethod = {
    type: "keyboard-interactive",
    username,
    prompt: (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map(() => password)),
  };
  return { methods: [{ type: "password", username, password }, answer], offered: "the password" };
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new HopError("refused", `the key ${path} can't be read: ${messageOf(error)}`);
  }
}

function noKey(hop: Hop, why: string): HopError {
  return new HopError("refused", `there is no key to log in to "${hop.name}" with: ${why}`, {
    hint: `set KEYFILE in ${hop.envFile}, or start an agent with the key (ssh-add)`,
    login: true,
  });
}

function isEncrypted(text: string): boolean {
  const key = utils.parseKey(text);
  return key instanceof Error && /^Encrypted .*passphrase/.test(key.message);
}

function parse(keyFile: string, text: string, passphrase?: string): ParsedKey {
  const key = utils.parseKey(text, passphrase);
  if (key instanceof Error) {
    throw new HopError("refused", `the key ${keyFile} can't be used: ${key.message}`);
  }
  return withFixedScalar(single(key));
}

/** An ECDSA key that the runtime accepts: it wants the private number in its full length. */
function withFixedScalar(key: ParsedKey): ParsedKey {
  const pem = key.getPrivatePEM();
  const fixedPem = fixScalarLength(pem);
  if (fixedPem === pem) return key;
  const fixed = utils.parseKey(fixedPem);
  return fixed instanceof Error ? key : single(fixed);
}

const single = (key: ParsedKey | ParsedKey[]): ParsedKey => Array.isArray(key) ? key[0]! : key;

/** The public key of `keyFile` in SSH's binary form, when the agent holds it. */
async function heldKey(
  agent: string,
  keyFile: string,
  text: string,
): Promise<Uint8Array | undefined> {
  const own = publicKeyIn(text) ?? await publicKeyBeside(keyFile);
  if (own === undefined) return undefined;
  const keys = await agentKeys(agent);
  return keys.some((key) => key.toBase64() === own.toBase64()) ? own : undefined;
}

/** A private key in OpenSSH's format carries its public key in the clear, also when encrypted. */
function publicKeyIn(text: string): Uint8Array | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Uint8Array.fromBase64(body.replace(/\s/g, ""));
  const view = new DataView(bytes.buffer);
  let at = "openssh-key-v1\0".length;
  // Cipher, key derivation and its options come before the number of keys.
  for (let field = 0; field < 3; field++) at += 4 + view.getUint32(at);
  at += 4;
  return bytes.slice(at + 4, at + 4 + view.getUint32(at));
}

async function publicKeyBeside(keyFile: string): Promise<Uint8Array | undefined> {
  const text = await readKeyFile(`${keyFile}.pub`);
  const key = text === undefined ? undefined : /^\S+\s+([A-Za-z0-9+/]+=*)/.exec(text)?.[1];
  return key === undefined ? undefined : Uint8Array.fromBase64(key);
}

function agentKeys(path: string): Promise<Uint8Array[]> {
  return new Promise((resolve) => {
    new OpenSSHAgent(path).getIdentities((error, keys) => {
      // An agent that does not answer is as good as none; the key file is asked for its passphrase.
      resolve(error ? [] : (keys ?? []).map((key) => publicOf(key as ParsedKey)));
    });
  });
}

function publicOf(key: ParsedKey): Uint8Array {
  return new Uint8Array(key.getPublicSSH());
}

/** An agent of which only one key is offered: a server gives up after a few that it doesn't know. */
class OneKeyAgent extends OpenSSHAgent {
  constructor(path: string, readonly only: Uint8Array) {
    super(path);
  }

  override getIdentities(done: IdentityCallback): void {
    const wanted = this.only.toBase64();
    super.getIdentities((error, keys) =>
      done(error, keys?.filter((key) => publicOf(key as ParsedKey).toBase64() === wanted))
    );
  }
}
