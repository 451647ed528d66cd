/** The Pod API's actions, as the daemon and sns call them on a compiled `pod`. */

/** What `pod.state` may say, and the action that brings a pod there. */
export const POD_STATES = ["running", "stopped", "removed"] as const;
export type PodState = (typeof POD_STATES)[number];

/** The text of a pod.state file as a state; `undefined` for any other text. */
export function parsePodState(text: string): PodState | undefined {
  const word = text.trim();
  return POD_STATES.find((state) => state === word);
}

/** A call of a compiled pod: its arguments after the program's path. */
export type PodCall = readonly string[];

const interfaceOption = (hostInterface: string | undefined): string[] =>
  hostInterface === undefined ? [] : [`--host-interface=${hostInterface}`];

/** Creates and starts the pod, or adopts what already runs. */
export function runCall(hostInterface?: string): PodCall {
  return ["run", ...interfaceOption(hostInterface)];
}

/** Removes and runs the whole pod, or restarts just the named containers. */
export function rerunCall(containers: readonly string[], hostInterface?: string): PodCall {
  return containers.length > 0
    ? ["rerun", ...containers]
    : ["rerun", ...interfaceOption(hostInterface)];
}

/** The call that brings a pod to `state`. */
export function stateCall(state: PodState, hostInterface?: string): PodCall {
  switch (state) {
    case "running":
      return runCall(hostInterface);
    case "stopped":
      return ["stop"];
    case "removed":
      return ["rm"];
  }
}

/**
 * pod.action: a request that sns leaves beside a pod, `rerun [container…]`.
 *
 * @returns the containers to restart (none: the whole pod), or `undefined` when the text is no valid request.
 */
export function parsePodAction(
  text: string,
): { readonly containers: readonly string[] } | undefined {
  const [verb, ...containers] = text.trim().split(/\s+/);
  if (verb !== "rerun") return undefined;
  return containers.every((name) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
    ? { containers }
    : undefined;
}

/** The inverse of {@link parsePodAction}. */
export function formatPodAction(containers: readonly string[]): string {
  return ["rerun", ...containers].join(" ") + "\n";
}
