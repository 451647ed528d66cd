import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import {
  isPlaceable,
  mountedMib,
  mountedRamdisks,
  parseMounts,
  parseRamdisks,
  ramdiskDirectory,
} from "./ramdisk.ts";

const place = { home: "/home/u/h 1", pod: "web", version: "1.0.0-rc.1" };
const dir = "/home/u/h\\0401/pods/web/release/1.0.0-rc.1/ramdisk";
const MOUNTS = [
  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  `88 22 0:39 / ${dir}/keys rw,nosuid,nodev - tmpfs simplenetes-ramdisk rw,size=10240k,mode=700`,
  `89 22 0:40 / ${dir}/tmp rw shared:9 master:1 - tmpfs simplenetes-ramdisk rw,size=2048k`,
  `90 22 0:41 / ${dir}/foreign rw - tmpfs tmpfs rw,size=99999k`,
  `91 22 0:42 / ${dir}/deep/er rw - tmpfs simplenetes-ramdisk rw,size=1024k`,
  "92 22 0:43 / /home/u/h\\0401x/pods/web rw - tmpfs simplenetes-ramdisk rw,size=1024k",
  "93 22 0:44 / /a\\134b\\303\\251 rw - tmpfs none rw",
  "noise",
  "",
].join("\n");

Deno.test("the table of mounts is understood, blanks and other bytes in names too", () => {
  const mounts = parseMounts(MOUNTS);
  strictEqual(mounts.length, 7);
  deepStrictEqual(mounts[1], {
    path: `${ramdiskDirectory(place)}/keys`,
    type: "tmpfs",
    source: "simplenetes-ramdisk",
    mib: 10,
  });
  strictEqual(mounts[6]!.path, "/a\\bé");
});

Deno.test("only our own mounts of a release are its ramdisks", () => {
  deepStrictEqual(mountedRamdisks(place, parseMounts(MOUNTS)), ["keys", "tmp"]);
  deepStrictEqual(mountedRamdisks({ ...place, pod: "we" }, parseMounts(MOUNTS)), []);
  strictEqual(mountedMib(place.home, parseMounts(MOUNTS)), 13);
});

Deno.test("the list that a pod prints", () => {
  deepStrictEqual(parseRamdisks("keys:10M\n\n tmp-1:1M \n"), [
    { name: "keys", mib: 10 },
    { name: "tmp-1", mib: 1 },
  ]);
  for (const line of ["keys", "keys:0M", "keys:1G", "../x:1M", ".x:1M", "a/b:1M", "a:99999999M"]) {
    throws(() => parseRamdisks(line), /no name:<MiB>M/, line);
  }
});

Deno.test("what would leave the release has no place", () => {
  const disk = { name: "a", mib: 1 };
  const rows: readonly [boolean, string, string, readonly { name: string; mib: number }[]][] = [
    [true, "web", "1.0.0", [disk]],
    [false, "..", "1.0.0", []],
    [false, "web", ".1.0.0", []],
    [false, "a/b", "1.0.0", []],
    [false, "", "1.0.0", []],
    [false, "web", "1.0.0", [disk, disk]],
    [false, "web", "1.0.0", [{ name: "a", mib: 0.5 }]],
    [false, "web", "1.0.0", [{ name: "..", mib: 1 }]],
    [false, "web", "1.0.0", Array.from({ length: 33 }, (_, n) => ({ name: `a${n}`, mib: 1 }))],
  ];
  for (const [fits, pod, version, disks] of rows) {
    strictEqual(isPlaceable({ pod, version }, disks), fits, JSON.stringify([pod, version]));
  }
});
