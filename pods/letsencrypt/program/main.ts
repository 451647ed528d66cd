/** The program `simplenetes-letsencrypt`. */
import { parseArgs, type Settings } from "./args.ts";
import { serveBundle } from "./bundle_server.ts";
import { ChallengeServer } from "./challenge_server.ts";
import { messageOf } from "./error_message.ts";
import { type Account, makeAccount, Orderer } from "./order.ts";
import { precheck } from "./precheck.ts";
import { Renewer } from "./renewer.ts";
import { Store } from "./store.ts";

function log(level: "info" | "warn" | "error", text: string): void {
  if (level === "info") console.log(`INFO  ${text}`);
  else console.error(`${level.toUpperCase().padEnd(5)} ${text}`);
}

/** Runs until a signal ends it. */
async function run(settings: Settings): Promise<void> {
  const end = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => end.abort());
  }
  const { stateDir, directory, email, httpPort, resolver } = settings;
  const store = await Store.open(stateDir, directory);
  const ca = settings.caFile === undefined ? undefined : await Deno.readTextFile(settings.caFile);
  const account = await store.account(makeAccount);
  await using challenges = new ChallengeServer(settings.challenge);
  const keep = (changed: Account) => store.keepAccount(changed);
  const orderer = new Orderer(directory, ca, account, keep, email, challenges);
  const renewer = new Renewer({
    certsFile: settings.certsFile,
    store,
    precheck: async (domain, signal) =>
      settings.precheck
        ? await precheck(domain, { challenges, httpPort, resolver, signal })
        : undefined,
    order: (domains, signal) => orderer.order(domains, signal),
    log,
    now: Date.now,
    random: Math.random,
  });
  Deno.addSignalListener("SIGHUP", () => renewer.reload());
  const bundle = serveBundle(settings.bundle, store.bundle);
  log("info", `Certificates by ${directory}`);
  try {
    await renewer.run(end.signal);
  } finally {
    await bundle.shutdown();
  }
}

if (import.meta.main) {
  const settings = parseArgs(Deno.args, Deno.env.get("POD_HOST_INTERFACE"));
  if (typeof settings === "string") {
    log("error", settings);
    Deno.exit(2);
  }
  if ("print" in settings) {
    await Deno.stdout.write(new TextEncoder().encode(settings.print));
    Deno.exit(0);
  }
  try {
    await run(settings);
    Deno.exit(0);
  } catch (error) {
    log("error", messageOf(error));
    Deno.exit(1);
  }
}
