/** The names and versions that pods, containers and volumes may have. */

/** Longest name of a pod, container or volume: together they make up names of files and of podman's objects. */
export const MAX_NAME_LENGTH = 63;

/** What {@link isPodName} asks for, for messages. */
export const POD_NAME_RULE =
  "a lowercase letter, then lowercase letters, digits and _, not ending in _, at most 63 characters";

/** Whether `text` can name a pod, a container or a volume. */
export function isPodName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && /^[a-z]([a-z0-9_]*[a-z0-9])?$/.test(text);
}

/** Whether `text` can name a config volume: a pod name, or one behind an underscore. */
export function isConfigName(text: string): boolean {
  return isPodName(text.replace(/^_/, ""));
}

/** Whether `text` can name an environment variable or a variable of pod.yaml. */
export function isEnvName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

const VERSION = /^([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([a-z0-9.-]*))?$/;

/** Whether `text` is a podVersion: `1.2.3` or `1.2.3-rc.1`, in lowercase. */
export function isVersion(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && VERSION.test(text);
}

/**
 * Orders two versions as semantic versioning does: by numbers, a pre-release before its release,
 * identifiers of digits as numbers and before others. Versions that are equal in that order but
 * spelt differently are told apart by their text; what is no version comes first.
 *
 * @returns below 0 when `a` is the lower one, 0 only when both are the same text
 */
export function compareVersions(a: string, b: string): number {
  const left = VERSION.exec(a);
  const right = VERSION.exec(b);
  if (!left || !right) return Number(left !== null) - Number(right !== null) || byText(a, b);
  for (const part of [1, 2, 3]) {
    const order = byNumber(left[part]!, right[part]!);
    if (order !== 0) return order;
  }
  return byPreRelease(left[4], right[4]) || byText(a, b);
}

function byPreRelease(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = byIdentifier(left[index]!, right[index]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function byIdentifier(a: string, b: string): number {
  const numeric = [a, b].map((text) => /^[0-9]+$/.test(text));
  if (numeric[0] && numeric[1]) return byNumber(a, b);
  return Number(numeric[1]) - Number(numeric[0]) || byText(a, b);
}

/** Digits of any length. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, "")) as [string, string];
  return left.length - right.length || byText(left, right);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
