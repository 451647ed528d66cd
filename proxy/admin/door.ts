/** One place to listen at, opened again when it gets lost. Trouble is reported, not thrown. */
import { messageOf } from "../error_message.ts";
import type { Log } from "../log.ts";
import type { HttpListener } from "./http_listener.ts";

/** See above. */
export class Door {
  #listener: HttpListener | undefined;
  #complaint = "";

  /** @param address Names it in the log. */
  constructor(
    readonly address: string,
    private readonly open: () => Promise<HttpListener>,
    private readonly log: Log,
  ) {}

  /** Opens it unless it is open. Says what is wrong, once for the same thing. */
  async look(): Promise<void> {
    try {
      if (await this.#listener?.isThere()) return;
      await this.close();
      this.#listener = await this.open();
      if (this.#complaint !== "") this.log.info("Can be asked again", { at: this.address });
      this.#complaint = "";
    } catch (error) {
      const message = messageOf(error);
      if (message === this.#complaint) return;
      this.#complaint = message;
      this.log.warn("Cannot be asked for status or metrics, all else works", {
        at: this.address,
        error: message,
      });
    }
  }

  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }
}
