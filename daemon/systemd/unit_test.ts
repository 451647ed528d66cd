import { deepStrictEqual, match, throws } from "node:assert/strict";
import { systemdUnit } from "./unit.ts";

const analyze = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
});
if (!analyze) console.warn("The systemd unit is not verified: there is no systemd-analyze");

Deno.test({
  name: "systemd takes the unit, without a complaint",
  ignore: analyze === undefined,
  fn: async () => {
    const dir = await Deno.makeTempDir();
    const path = `${dir}/simplenetesd.service`;
    await Deno.writeTextFile(path, systemdUnit("/bin/true"));
    const { code, stderr } = await new Deno.Command(analyze!, { args: ["verify", path] }).output();
    await Deno.remove(dir, { recursive: true });
    const complaints = new TextDecoder().decode(stderr).split("\n")
      .filter((line) => line.includes("simplenetesd"));
    deepStrictEqual([code, complaints], [0, []]);
  },
});

Deno.test("the unit runs the program it is given, and leaves the pods alone", () => {
  const unit = systemdUnit("/opt/simplenetes/bin/simplenetesd");
  match(unit, /^ExecStart=\/opt\/simplenetes\/bin\/simplenetesd$/m);
  match(unit, /^KillMode=process$/m);
  match(unit, /^Type=notify$/m);
  for (const path of ["simplenetesd", "/a b", "/a\nExecStart=/bin/sh", "/a%n", "/$x", "/"]) {
    throws(() => systemdUnit(path), /plain absolute path/);
  }
});
