/** Whether images are made for the processor of the host that has them. Pure. */
import type { Judged } from "./diagnose.ts";
import type { Facts } from "./facts.ts";

/** What images call the processors that `uname -m` names. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  armv6l: "arm",
  i686: "386",
};

export function images(facts: Facts): Judged[] {
  const machine = facts.get("machine")?.[0] ?? "";
  const own = ARCHITECTURES[machine] ?? machine;
  const seen = facts.get("image") ?? [];
  const wrong = seen.flatMap((text): Judged[] => {
    const [image = "", architecture = ""] = text.split(" ");
    if (architecture === own) return [];
    return [{
      level: "error",
      message: `the image ${image} is for ${architecture}, this host is ${own}`,
      mend: `podman pull --arch=${own} ${image} # if it is made for that, too; then sns pod rerun`,
    }];
  });
  if (wrong.length > 0 || seen.length === 0) return wrong;
  return [{ level: "ok", message: `${seen.length} images are for ${own}` }];
}
