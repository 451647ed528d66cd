/**
 * The record of releases: lines at the end of their commits' messages. What a killed release was about
 * is read from there, so nothing has to be kept beside the project.
 *
 *   Sns-Release: <subject> <target> <mode> <entry>
 *   Sns-Base: <commit>
 *   Sns-Why: <text>
 *   Sns-Kind: rollback
 */
import { messagesMatching } from "../project/git_write.ts";
import { type Phase, RELEASE_MODES, type ReleaseMode } from "./model.ts";

/** The subject of a rollback of the whole cluster; no pod has this name. */
export const CLUSTER = "*";

export interface JournalEntry {
  /** A pod, or {@link CLUSTER}. */
  readonly subject: string;
  /** `pod:version`, or the commit that the cluster goes back to. */
  readonly target: string;
  readonly mode: ReleaseMode;
  /** A phase on the way to the target or back, or how it ended. */
  readonly entry: Phase | `back-${Phase}` | "done" | "restored";
  /** The commit before the release. */
  readonly base: string;
  /** Why it went back. */
  readonly why?: string;
  /** It was begun by a rollback. */
  readonly rollback?: true;
}

/** Whether the release is on the way back. */
export function isBack({ entry }: JournalEntry): boolean {
  return entry.startsWith("back-");
}

/** Whether the release came to an end. */
export function hasEnded({ entry }: JournalEntry): boolean {
  return entry === "done" || entry === "restored";
}

/** A commit's message. */
export function formatJournal(entry: JournalEntry): string {
  const { subject, target, mode, base, why } = entry;
  const titles: Readonly<Record<string, string>> = {
    done: `Released ${target}`,
    restored: `Restored after the release of ${target} failed`,
  };
  const title = titles[entry.entry] ??
    `Release ${target}: ${entry.entry.replace("back-", "back, ")}`;
  return [
    subject === CLUSTER ? title.replace(target, `cluster as of ${target.slice(0, 10)}`) : title,
    "",
    `Sns-Release: ${subject} ${target} ${mode} ${entry.entry}`,
    `Sns-Base: ${base}`,
    ...(why === undefined ? [] : [`Sns-Why: ${why.replaceAll(/\s+/g, " ")}`]),
    ...(entry.rollback ? ["Sns-Kind: rollback"] : []),
    "",
  ].join("\n");
}

/** The entry in a commit's message; `undefined` when it has none that can be understood. */
export function parseJournal(message: string): JournalEntry | undefined {
  const line = /^Sns-Release: (\S+) (\S+) (\S+) (\S+)$/m.exec(message);
  const base = /^Sns-Base: ([0-9a-f]{40,64})$/m.exec(message)?.[1];
  const why = /^Sns-Why: (.+)$/m.exec(message)?.[1];
  const mode = RELEASE_MODES.find((each) => each === line?.[3]);
  if (!line || base === undefined || mode === undefined) return undefined;
  return {
    subject: line[1]!,
    target: line[2]!,
    mode,
    entry: line[4] as JournalEntry["entry"],
    base,
    ...(why === undefined ? {} : { why }),
    ...(/^Sns-Kind: rollback$/m.test(message) ? { rollback: true as const } : {}),
  };
}

/** The newest entry about `subject` in HEAD's history. */
export async function latestEntry(
  root: string,
  subject: string,
): Promise<JournalEntry | undefined> {
  return await newest(root, `^Sns-Release: ${literal(subject)} `);
}

/** The newest entry of a release of `subject` that was brought to its end. */
export async function latestDone(root: string, subject: string): Promise<JournalEntry | undefined> {
  return await newest(root, `^Sns-Release: ${literal(subject)} [^ ]+ [^ ]+ done$`);
}

async function newest(root: string, pattern: string): Promise<JournalEntry | undefined> {
  const [message] = await messagesMatching(root, pattern, 1);
  return message === undefined ? undefined : parseJournal(message);
}

function literal(subject: string): string {
  return subject === CLUSTER ? "[*]" : subject;
}
