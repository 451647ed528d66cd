/** The steps of a plan: data that can describe itself and be written into a manifest. */
import type { PodState } from "../../podc/mod.ts";

interface OfRelease {
  readonly pod: string;
  readonly version: string;
}

/** One change on one host. */
export type Operation =
  /** Deliver a release that the host does not have. */
  | ({ readonly kind: "release" } & OfRelease)
  | ({ readonly kind: "config" | "unconfig"; readonly name: string } & OfRelease)
  | ({ readonly kind: "file" | "unfile"; readonly name: string } & OfRelease)
  | ({ readonly kind: "state"; readonly state: PodState; readonly from?: string } & OfRelease)
  | { readonly kind: "hosts" }
  | { readonly kind: "chain" };

/** What the operation does, for people. */
export function describeOperation(operation: Operation): string {
  const name = "pod" in operation ? `${operation.pod}:${operation.version}` : "";
  switch (operation.kind) {
    case "release":
      return `deliver ${name}`;
    case "config":
      return `update config ${operation.name} of ${name}`;
    case "unconfig":
      return `remove config ${operation.name} of ${name}`;
    case "file":
      return `update ${operation.name} of ${name}`;
    case "unfile":
      return `remove ${operation.name} of ${name}`;
    case "state":
      return `set ${name} to ${operation.state}` +
        (operation.from === undefined ? "" : ` (was ${operation.from})`);
    case "hosts":
      return "update hosts.conf";
    case "chain":
      return "record the commits";
  }
}

/** The operation's line in the manifest that the host works through. */
export function manifestLine(operation: Operation): string {
  switch (operation.kind) {
    case "release":
      return `release ${operation.pod} ${operation.version}`;
    case "state":
      return `state ${operation.pod} ${operation.version} ${operation.state}`;
    case "hosts":
    case "chain":
      return operation.kind;
    default:
      return `${operation.kind} ${operation.pod} ${operation.version} ${operation.name}`;
  }
}
