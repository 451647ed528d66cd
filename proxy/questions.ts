/** Where a proxy is asked what it does: its socket, and METRICS over TCP. */
import { AdminServer } from "./admin/server.ts";
import { makeSocketPath, type SocketDirectories, socketDirectories } from "./admin/socket_path.ts";
import type { Settings } from "./conf_files.ts";
import { messageOf } from "./error_message.ts";
import type { Log } from "./log.ts";

export interface QuestionsOptions {
  /** Who answers. */
  readonly answers: ConstructorParameters<typeof AdminServer>[0];
  readonly log: Log;
  /** Whether the socket of another process is to be replaced, as this one takes over from that. */
  readonly replaces: boolean;
  /** Where the socket lies unless SOCKET says so; those of the user by default. */
  readonly directories: SocketDirectories | undefined;
}

export class Questions {
  readonly #server: AdminServer;
  readonly #directories: SocketDirectories;
  #socket: string | undefined;

  constructor(private readonly options: QuestionsOptions) {
    const { answers, log, replaces, directories } = options;
    this.#server = new AdminServer(answers, log, replaces);
    this.#directories = directories ?? socketDirectories();
  }

  /** Path of the socket; `undefined` when it has no place. */
  get socket(): string | undefined {
    return this.#socket;
  }

  /** Listens where `settings` want it. */
  async follow({ conf, hosts }: Settings): Promise<void> {
    this.#socket = undefined;
    try {
      this.#socket = await makeSocketPath(conf, hosts, this.#directories);
    } catch (error) {
      this.options.log.warn("Has no place for its socket, all else works", {
        error: messageOf(error),
      });
    }
    await this.#server.follow({ socket: this.#socket, metrics: conf.metrics });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
