/** What a process hears of one that it replaced: how many connections that still may have. */
import type { Held } from "../ceilings.ts";
import { EPOLLIN } from "./epoll.ts";
import { type Packet, receivePacket } from "./scm_rights.ts";
import type { UnixSocket } from "./unix_packets.ts";

/** Mappings told of in one packet. */
const PACKET_HELD = 1000;

/** The text of a packet that tells what a process may have. */
export interface HeldPacket {
  readonly held: readonly Held[];
  /** Whom it is about: 0 for the one that says it, else one of those before it. */
  readonly of: number;
}

export function packetsOfHeld(held: readonly Held[], of = 0): Packet[] {
  return Array.from({ length: Math.ceil(held.length / PACKET_HELD) }, (_, index) => {
    const part = held.slice(index * PACKET_HELD, (index + 1) * PACKET_HELD);
    return { text: JSON.stringify({ held: part, of } satisfies HeldPacket), fds: [] };
  });
}

/**
 * The end at which it is heard. Whoever is replaced in turn gives it on to its own successor: that hears
 * of all processes at first hand, in whatever order they end.
 */
export class HeldLink {
  #resumed: PromiseWithResolvers<void> | undefined;

  /** @param held What the process may have when this begins. */
  constructor(private readonly socket: UnixSocket, readonly held: readonly Held[]) {}

  /** The socket; -1 once it is closed. */
  get fd(): number {
    return this.socket.fd;
  }

  /** Hears what the process has from now on. Resolves when it has ended, or this is closed. */
  async follow(onHeld: (held: readonly Held[]) => void): Promise<void> {
    while (this.socket.fd >= 0) {
      if (this.#resumed) {
        await this.#resumed.promise;
        continue;
      }
      const packet = receivePacket(this.socket.fd);
      if (packet === "end") return;
      if (packet) onHeld((JSON.parse(packet.text) as HeldPacket).held);
      else await this.socket.becomes(EPOLLIN);
    }
  }

  /** Takes nothing from the socket any more: what comes is for the process that gets it next. */
  pause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  close(): void {
    this.socket.close();
    this.resume();
  }
}
