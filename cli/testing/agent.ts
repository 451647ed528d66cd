/** A real ssh-agent of its own. */
import { join } from "node:path";
import { until } from "./until.ts";

export interface TestAgent extends AsyncDisposable {
  readonly socket: string;
  /** Hands a private key to the agent. */
  add(keyFile: string, passphrase?: string): Promise<void>;
}

/** Starts an agent that holds no key yet. */
export async function agent(): Promise<TestAgent> {
  const dir = await Deno.makeTempDir({ prefix: "sns-agent-" });
  const socket = join(dir, "socket");
  const process = new Deno.Command("ssh-agent", {
    args: ["-D", "-a", socket],
    stdin: "null",
    stdout: "null",
  }).spawn();
  await until("the agent's socket", () => Deno.lstat(socket).then(() => true, () => false));
  return {
    socket,
    async add(keyFile, passphrase) {
      // The program gets the passphrase from what it believes to be a dialogue.
      const askpass = join(dir, "askpass");
      await Deno.writeTextFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$PASSPHRASE"\n');
      await Deno.chmod(askpass, 0o700);
      const { success, stderr } = await new Deno.Command("ssh-add", {
        args: ["-q", keyFile],
        env: {
          SSH_AUTH_SOCK: socket,
          SSH_ASKPASS: askpass,
          SSH_ASKPASS_REQUIRE: "force",
          PASSPHRASE: passphrase ?? "",
        },
        stdin: "null",
      }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await Deno.remove(dir, { recursive: true });
    },
  };
}
