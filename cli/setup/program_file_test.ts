import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../proxy/conf/mod.ts";
import { checkedSum, findProgramFile, parseHead, targetOf } from "./program_file.ts";

const head = (target: string) =>
  `#!/bin/sh\n# Simplenetes 1.2.3 for ${target}, in one file: this text\nset -u\n` +
  `deno_sum=${"a1".repeat(32)} deno_at=1\napps_sum=${
    "b2".repeat(32)
  } apps_at=2\nexit\n\x1f\x8b\xff`;

Deno.test("the head of a portable file", () => {
  deepStrictEqual(parseHead(head("linux-x64")), {
    version: "1.2.3",
    target: "linux-x64",
    deno: "deno-a1a1a1a1a1a1",
    apps: "apps-b2b2b2b2b2b2",
  });
  strictEqual(parseHead("#!/bin/sh\necho hello\n"), undefined);
  strictEqual(parseHead("\x7fELF\0"), undefined);
});

Deno.test("what machines are called", () => {
  deepStrictEqual([targetOf("x86_64"), targetOf("aarch64")], ["linux-x64", "linux-arm64"]);
  throws(() => targetOf("riscv64"), /riscv64/);
});

Deno.test("the file for a host: named, running here, or beside that", async () => {
  const dir = await Deno.makeTempDir();
  const put = async (target: string) => {
    const path = join(dir, `simplenetes-${VERSION}-${target}`);
    await Deno.writeTextFile(path, head(target));
    return path;
  };
  const own = await put("linux-x64");
  const find = async (target: string, named?: string) =>
    (await findProgramFile({ target, named, own })).path;
  strictEqual(await find("linux-x64"), own);
  await rejects(find("linux-arm64", own), /is for linux-x64, the host is linux-arm64/);
  const other = await put("linux-arm64");
  strictEqual(await find("linux-arm64"), other);
  strictEqual(await find("linux-arm64", other), other);
  await rejects(find("linux-x64", join(dir, "nothing")), /There is no file/);
  await Deno.writeTextFile(join(dir, "odd"), "odd");
  await rejects(find("linux-x64", join(dir, "odd")), /is not a file with all programs/);
  const sum = await checkedSum(own);
  await Deno.writeTextFile(join(dir, "SHA256SUMS"), `${sum}  ${own.slice(dir.length + 1)}\n`);
  strictEqual(await checkedSum(own), sum);
  await Deno.writeTextFile(own, "cut");
  await rejects(checkedSum(own), /damaged/);
  await Deno.remove(dir, { recursive: true });
});
