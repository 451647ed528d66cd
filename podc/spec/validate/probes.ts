/** `startupProbe`, `readinessProbe` and `livenessProbe`. */
import type { Probe, StartupProbe } from "../pod_spec.ts";
import { list, words } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { boolean, integer } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import { argvOf } from "./argv.ts";
import type { Context } from "./context.ts";
import { name } from "./name.ts";

const TIMEOUT_S = 120;
const INTERVAL_S = 10;
/** A day: what is meant to be longer is a mistake. */
const LONGEST_S = 86_400;

const INSTEAD = {
  exec: "did you mean cmd?",
  command: "did you mean cmd?",
  timeoutSeconds: "did you mean timeout? It is in seconds",
  periodSeconds: "did you mean interval? It is in seconds",
  initialDelaySeconds: "did you mean initialDelay? It is in seconds",
  httpGet: "a probe is a command: cmd: [wget, -q, -O, /dev/null, http://localhost/]",
  tcpSocket: "a probe is a command: cmd: [nc, -z, localhost, 80]",
};
const timeout = (doc: string) =>
  optional(integer(1, LONGEST_S, "seconds"), doc, 30, { cmd: ["test", "-e", "/tmp/ready"] });
const seconds = (first: number) => integer(first, LONGEST_S, "seconds");

const PROBE = object({
  cmd: required(
    words(),
    "Command to run; all is well when it ends with exit code 0",
    ["test", "-e", "/tmp/ready"],
    "[program, argument…]",
  ),
  timeout: timeout("Seconds that it may take; 120"),
  interval: optional(seconds(1), "Seconds from one run to the next; 10", 5),
  initialDelay: optional(seconds(0), "Seconds from the start to the first run; 0", 15),
  failureThreshold: optional(
    integer(1, 1000),
    "Failures in a row until it counts as failed; 1",
    3,
  ),
}, { instead: { ...INSTEAD, exit: "exit is for startupProbe" } });

const STARTUP_FIELDS = {
  timeout: timeout("Seconds that starting may take; 120"),
  exit: optional(boolean(), "true: it has started once it ended with exit code 0", true),
  cmd: optional(
    words(),
    "It has started once this command ends with exit code 0",
    ["test", "-e", "/tmp/ready"],
  ),
};
const TARGET = object({
  container: required(name(), "Name of a container of this pod", "web", "<name of a container>"),
});
const STARTUP_PROBE = object({
  ...STARTUP_FIELDS,
  signal: optional(
    list(TARGET),
    "Containers to signal once it has started",
    [{ container: "web" }],
  ),
}, { instead: INSTEAD });
const EXECUTABLE_STARTUP_PROBE = object(STARTUP_FIELDS, {
  instead: { ...INSTEAD, signal: "an executable has nothing beside it to signal" },
});

/** What both kinds of unit have. */
export const PROBE_FIELDS = {
  readinessProbe: optional(
    PROBE,
    "Whether it can serve; while it fails the pod gets no traffic",
    { cmd: ["wget", "-q", "-O", "/dev/null", "http://localhost/"] },
  ),
  livenessProbe: optional(
    PROBE,
    "Whether it is well; when it fails it is stopped, and its restart policy decides",
    { cmd: ["wget", "-q", "-O", "/dev/null", "http://localhost/"], failureThreshold: 3 },
    { restart: "always" },
  ),
};
const STARTUP_DOC = "When it counts as started; until then the next one waits";
export const STARTUP_PROBE_FIELD = optional(
  STARTUP_PROBE,
  STARTUP_DOC,
  { cmd: ["test", "-e", "/tmp/ready"], timeout: 30 },
);
export const EXECUTABLE_STARTUP_PROBE_FIELD = optional(
  EXECUTABLE_STARTUP_PROBE,
  "When it counts as started",
  { cmd: ["test", "-e", "/tmp/ready"], timeout: 30 },
);

type ProbeDraft = DraftOf<typeof PROBE>;
export type StartupDraft = DraftOf<typeof STARTUP_PROBE>;

/** The probe of a draft; `undefined` when there is none, or it is wrong. */
export function toProbe(
  found: Found<ProbeDraft> | undefined,
  { reporter }: Context,
): Probe | undefined {
  if (!found?.value) return undefined;
  const { cmd, timeout, interval, initialDelay, failureThreshold } = found.value.fields;
  const argv = argvOf(cmd, "cmd", reporter);
  return argv && {
    argv,
    timeoutSeconds: timeout?.value ?? TIMEOUT_S,
    intervalSeconds: interval?.value ?? INTERVAL_S,
    initialDelaySeconds: initialDelay?.value ?? 0,
    failureThreshold: failureThreshold?.value ?? 1,
  };
}

/** The startup probe of a draft; `undefined` when there is none, or it is wrong. */
export function toStartupProbe(
  found: Found<StartupDraft | DraftOf<typeof EXECUTABLE_STARTUP_PROBE>> | undefined,
  { reporter }: Context,
): StartupProbe | undefined {
  if (!found?.value) return undefined;
  const { at, fields } = found.value as StartupDraft;
  const { timeout, exit, cmd, signal } = fields;
  if (exit?.value && cmd) {
    const place = reporter.place(exit.key);
    reporter.error(cmd.key, `cmd cannot stand beside exit: true, which is on ${place}`);
  }
  const waits = exit && exit.value !== false;
  if (!waits && !cmd && !signal) {
    reporter.error(at, "startupProbe waits for nothing", "add cmd: [program, argument…]");
  }
  const argv = argvOf(cmd, "cmd", reporter);
  return {
    timeoutSeconds: timeout?.value ?? TIMEOUT_S,
    check: exit?.value ? { kind: "exit" } : argv ? { kind: "cmd", argv } : { kind: "none" },
    signals: (signal?.value ?? []).flatMap(({ value }) => value?.fields.container?.value ?? []),
  };
}
