/** `image` of a container. */
import { type Reporter, show } from "../reporter.ts";
import { refuse, scalar } from "../schema/scalars.ts";
import type { Found, Schema } from "../schema/schema.ts";

/** `[host[:port]/]name[/name…][:tag][@digest]` */
const REFERENCE = new RegExp(
  "^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?/)?" +
    "[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*" +
    "(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?" +
    "(?:@([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$",
);
/** Other sources than registries and the local store; what follows is theirs to judge. */
const TRANSPORT =
  /^(docker|docker-archive|docker-daemon|oci|oci-archive|dir|containers-storage):[^\s\p{Cc}]+$/u;

export const IMAGE: Schema<string> = scalar({ type: "string", minLength: 1 }, (image) => {
  if (REFERENCE.test(image) || TRANSPORT.test(image)) return image;
  const lower = image.toLowerCase();
  return refuse(
    `is ${show(image)}, which is no image name`,
    image !== lower && REFERENCE.test(lower)
      ? "only the tag of an image may have capital letters"
      : "an image name looks like example.com/team/name:1.2",
  );
});

/** Warns of an image that can be another one tomorrow. */
export function checkImageTag(image: Found<string> | undefined, reporter: Reporter): void {
  const match = image?.value === undefined ? null : REFERENCE.exec(image.value);
  if (!image || !match || match[2] !== undefined) return;
  const tag = match[1];
  if (tag === undefined || tag === "latest") {
    reporter.warning(
      image.at,
      tag === undefined
        ? `image ${image.value} has no tag, which means latest`
        : `image ${image.value} is whatever was called latest when it was pulled`,
      "name a version, so that all hosts run the same",
    );
  }
}
