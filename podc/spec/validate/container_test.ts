import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import {
  assertErrors,
  compile,
  containerOf,
  containerPod,
  messagesOf,
} from "./validate_testing.ts";

Deno.test("containers: all keys", () => {
  const container = containerOf(containerPod(
    `command: [run, "-x"]
args: ["", b]
workingDir: /srv/app
env: [{name: A, value: "1"}, {name: B}]
restart: on-failure
network:
mounts: [{volume: data, dest: /data}]
expose: []`,
    "volumes: [{name: data, type: volume}]",
  ));
  assert.deepEqual(container, {
    name: "web",
    image: "example.com/web:1",
    command: ["run", "-x"],
    args: ["", "b"],
    workingDir: "/srv/app",
    env: [{ name: "A", value: "1" }, { name: "B", value: "" }],
    restart: "on-failure",
    network: "pod",
    mounts: [{ volume: "data", dest: "/data" }],
    expose: [],
  });
});

Deno.test("containers: sections without content are empty", () => {
  const container = containerOf(containerPod("command:\nargs:\nenv:\nmounts:\nexpose:"));
  assert.equal(container.command, undefined);
  assert.deepEqual([container.args, container.env, container.mounts], [[], [], []]);
});

Deno.test("containers: a pod may have none", () => {
  for (const end of ["", "containers:\n", "containers: []\n"]) {
    const { spec } = compile(`api: 1.0.0\npodVersion: 1.0.0\n${end}`);
    assert.ok(spec?.kind === "containers" && spec.containers.length === 0);
  }
});

Deno.test("containers: what is wrong", () => {
  assertErrors(containerPod, [
    ["command: run it", /command must be a list, this is text/],
    ['command: ["", x]', /first word of command is empty/],
    ["args: [{a: b}]", /args\[0\] must be a single value/],
    ["args: [[a]]", /args\[0\] must be a single value, this is a list/],
    ["workingDir: app", /absolute path/],
    ["workingDir:", /workingDir has no value/],
    ["env: [{name: A}, {name: A}]", /variable "A" is defined twice/],
    ["env: [{value: x}]", /env\[0\] has no name/],
    ["env: {A: x}", /env must be a list, this is a mapping/],
    ["restart: always:5", /restart is "always:5"/],
    ["network: none", /network is "none"/],
    ["mounts: [{volume: x, dest: /x}]", /there is no volume "x"/],
    ["ports: [80]", /has no key "ports"/],
    ["__proto__: 1", /has no key "__proto__"/],
    ["constructor: 1", /has no key "constructor"/],
    ["toString: 1", /has no key "toString"/],
  ]);
});

Deno.test("containers: names are unique and images are images", () => {
  const two = (second: string) =>
    compile(
      `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n- {name: a, image: "x:1"}\n- ${second}\n`,
    );
  assertErrors(two, [
    ['{name: a, image: "x:1"}', /container "a" is defined twice, first on line 4/],
    ['{name: b-c, image: "x:1"}', /name is "b-c"/],
    ["{name: b}", /has no image/],
    ['{image: "x:1"}', /has no name/],
    ['{name: b, image: ""}', /image is "", which is no image name/],
    ["{name: b, image: -v}", /no image name/],
    ["{name: b, image: a b}", /no image name/],
    ["{name: b, image: Web}", /no image name/],
    ['{name: b, image: "$(id)"}', /no image name/],
  ]);
  const images = [
    "a:1",
    "a/b/c:1",
    "localhost/a:1",
    "localhost:5000/a:1",
    "A.example.com/a:V1",
    "a@sha256:" + "0".repeat(64),
    "a:1@sha256:" + "0".repeat(64),
    "docker://example.com/a:1",
    "oci-archive:/tmp/a.tar",
  ];
  for (const image of images) {
    assert.deepEqual(two(`{name: b, image: "${image}"}`).diagnostics, [], image);
  }
});

Deno.test("containers: images that can change are worth a warning", () => {
  const warnings = (image: string) =>
    messagesOf(
      compile(`api: 1.0.0\npodVersion: 1.0.0\ncontainers: [{name: a, image: "${image}"}]`),
      "warning",
    );
  assert.match(warnings("nginx")[0]!, /has no tag/);
  assert.match(warnings("localhost:5000/nginx")[0]!, /has no tag/);
  assert.match(warnings("nginx:latest")[0]!, /latest/);
  assert.deepEqual(warnings("nginx:1"), []);
});

Deno.test("containers: values arrive letter by letter (property)", () => {
  const value = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), value, (args, env) => {
      const source = stringify({
        api: "1.0.0",
        podVersion: "1.0.0",
        containers: [{ name: "a", image: "x:1", args, env: [{ name: "A", value: env }] }],
      });
      const container = containerOf(compile(source));
      assert.deepEqual(container.args, args);
      assert.deepEqual(container.env, [{ name: "A", value: env }]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("containers: a value with CRLF is refused where podman would heed it itself", () => {
  assertErrors(containerPod, [
    ['env: [{name: PATH, value: "a\\r\\nb"}]', /^a value with CRLF cannot be handed .* as PATH/],
    ['env: [{name: https_proxy, value: "a\\r\\nb"}]', /as https_proxy, which podman reads itself/],
    ['env: [{name: XDG_RUNTIME_DIR, value: "\\r\\n"}]', /as XDG_RUNTIME_DIR/],
  ]);
  for (const name of ["A", "PATHS", "GREETING", "MY_HOME"]) {
    const { env } = containerOf(containerPod(`env: [{name: ${name}, value: "a\\r\\nb"}]`));
    assert.deepEqual(env, [{ name, value: "a\r\nb" }]);
  }
});
