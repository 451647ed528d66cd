import assert from "node:assert/strict";
import {
  assertErrors,
  compile,
  containerOf,
  containerPod,
  messagesOf,
} from "./validate_testing.ts";

const withVolumes = (volumes: string) =>
  compile(`api: 1.0.0\npodVersion: 1.0.0\nvolumes:\n${volumes}\n`);

Deno.test("volumes: every type with its defaults", () => {
  const { spec } = withVolumes(`
- {name: data, type: volume}
- {name: all, type: volume, shared: host}
- {name: some, type: volume, shared: }
- {name: html, type: host, bind: ./a/../html/}
- {name: etc, type: host, bind: /etc}
- {name: conf, type: config, encrypted: false}
- {name: _own, type: config}`);
  assert.deepEqual(spec?.volumes, [
    { name: "data", type: "volume", shared: "no" },
    { name: "all", type: "volume", shared: "host" },
    { name: "some", type: "volume", shared: "no" },
    { name: "html", type: "host", bind: "/base/dir/html" },
    { name: "etc", type: "host", bind: "/etc" },
    { name: "conf", type: "config" },
    { name: "_own", type: "config" },
  ]);
});

Deno.test("volumes: what is wrong", () => {
  assertErrors(withVolumes, [
    ["- {name: a}", /has no type/],
    ["- {type: volume}", /has no name/],
    ["- {name: a, type: tmpfs}", /type is "tmpfs"/],
    [
      "- {name: a, type: ramdisk, size: 10}",
      /size is "10", but must be a number above 0 and M or G/,
    ],
    ["- {name: a, type: ramdisk, size: 0M}", /size is "0M"/],
    ["- {name: a, type: ramdisk, size: 10MB}", /size is "10MB"/],
    ["- {name: a, type: ramdisk, shared: pod}", /shared is for volumes of type volume/],
    ["- {name: a, type: volume, size: 10M}", /size is for volumes of type ramdisk/],
    ["- {name: A, type: volume}", /name is "A"/],
    ["- {name: _a, type: volume}", /only a volume of type config/],
    ["- {name: a, type: volume}\n- {name: a, type: volume}", /volume "a" is defined twice/],
    ["- {name: a, type: volume, shared: all}", /shared is "all"/],
    ["- {name: a, type: volume, bind: /a}", /bind is for volumes of type host/],
    ["- {name: conf, type: config, shared: pod}", /shared is for volumes of type volume/],
    ["- {name: conf, type: config, encrypted: true}", /encrypted configs are not supported yet/],
    ["- {name: conf, type: config, encrypted: yes}", /encrypted is "yes"/],
    ["- {name: cnof, type: config}", /no directory config\/cnof/],
    ["- {name: a, type: host}", /has no bind/],
    ["- {name: a, type: host, bind: }", /bind has no value/],
    ['- {name: a, type: host, bind: ""}', /bind is ""/],
    ["- {name: a, type: host, bind: 'a:b'}", /bind has a ":"/],
    ['- {name: a, type: host, bind: "a\\nb"}', /bind has a control character/],
  ]);
});

Deno.test("volumes: mounts are checked against them", () => {
  const pod = (mounts: string) =>
    containerPod(`mounts:\n${mounts}`, "volumes: [{name: data, type: volume}]");
  assertErrors(pod, [
    ["- {volume: dta, dest: /a}", /there is no volume "dta"/],
    ["- {volume: data}", /has no dest/],
    ["- {dest: /a}", /has no volume/],
    ["- {volume: data, dest: a}", /absolute path/],
    ["- {volume: data, dest: /}", /root of the container/],
    ["- {volume: data, dest: '/a:ro'}", /has a ":"/],
    ["- {volume: data, dest: /a}\n- {volume: data, dest: /b/../a/}", /mounted at "\/a" already/],
    ["- {volume: data, dest: /a, readOnly: yes}", /readOnly is "yes"/],
  ]);
});

Deno.test("volumes: one that nobody mounts is worth a warning", () => {
  const output = withVolumes("- {name: data, type: volume}");
  assert.deepEqual(messagesOf(output, "warning"), ["volume data is not mounted by any container"]);
});

Deno.test("volumes: ramdisks have a size in MiB", () => {
  const sizes = ["", ", size: 10M", ", size: 2G"].map((size) => {
    const { spec } = withVolumes(`- {name: a, type: ramdisk${size}}`);
    const [volume] = spec?.volumes ?? [];
    assert.ok(volume?.type === "ramdisk");
    return volume.sizeMiB;
  });
  assert.deepEqual(sizes, [1, 10, 2048]);
});

Deno.test("volumes: mounts can be read-only, configs cannot be anything else", () => {
  const pod = (mount: string) =>
    containerPod(
      `mounts: [${mount}]`,
      "volumes: [{name: data, type: volume}, {name: conf, type: config}]",
    );
  assert.deepEqual(containerOf(pod("{volume: data, dest: /a, readOnly: true}")).mounts, [
    { volume: "data", dest: "/a", readOnly: true },
  ]);
  assert.deepEqual(containerOf(pod("{volume: conf, dest: /a, readOnly: true}")).mounts.length, 1);
  assertErrors(pod, [["{volume: conf, dest: /a, readOnly: false}", /can only be read/]]);
});
