/** What a container's process really gets of hostile values, byte by byte, on real rootless podman. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PodFolder, run } from "../shell/pod_folder.ts";
import { hasPodman, IMAGE, makeImage } from "./podman.ts";

const podman = await hasPodman();
if (podman) await makeImage();

const NASTY = [
  ...["", " ", "-", "--", "-rf", "--env", "'", '"', "`id`", "$(id)", "${HOME}", "$HOME", "$'a'"],
  ...["\\", "a\\", "\\n", "\n", "a\nb\n", "\r\n", "\t", "*", "?", "[a-z]*", "~", "!", "# x", ";"],
  ...["&&", "|", ">x", "{a,b}", "a=b", "%s%n", "EOF", "\nEOF\n", "\n}\n", "\x01\x7f\x1b[31m"],
  ...["ünïcödé 🎉", "\u2028", "'\"'\"'", "\"'$`\\", "{{.Id}}", "x".repeat(100_000)],
];
const value = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.array(fc.constantFrom(...NASTY.filter(({ length }) => length < 10)), { maxLength: 6 })
    .map((parts) => parts.join("")),
);
const values = fc.array(value, { minLength: 1, maxLength: 4 });
/** Part of a path; podman parts its volumes with colons and commas, and cuts what is no plain path. */
const pathPart = fc.constantFrom(
  ...["a b", "it's", 'say "so"', "$(id)", "`id`", "$HOME", "*", "[a-z]?", "ünï 🎉", "-rf", "a\\b"],
);
const hostile = fc.record({ env: values, command: values, args: values, labels: values, pathPart });

/** Podman (4.3) makes "\n" of "\r\n" in the values that --env is given: once for sure. */
const LINE_ENDS = ["a\r\nb", "\r\n", "\r\r\n\n\r"];
const EXAMPLE: Hostile = {
  ...{ env: LINE_ENDS, command: LINE_ENDS, args: LINE_ENDS, labels: LINE_ENDS },
  pathPart: "a b",
};

/** The seed of the last run of a failing test is in its message. */
const RUNS = {
  ...{ numRuns: 10, seed: 20_260_101, endOnFailure: true },
  examples: [[EXAMPLE]] as [Hostile][],
};

type Hostile = typeof hostile extends fc.Arbitrary<infer T> ? T : never;

/** Flow collections of JSON strings are YAML. */
function yaml({ env, command, args, labels, pathPart }: Hostile): string {
  const named = (prefix: string, list: readonly string[]) =>
    JSON.stringify(list.map((value, index) => ({ name: `${prefix}${index}`, value })));
  const script = `printf '%s\\0' "$@" >"$OUT/args"; cat /proc/self/environ >"$OUT/env"`;
  return [
    "api: 1.0.0",
    "podVersion: 1.0.0",
    `labels: ${named("l", labels)}`,
    "volumes: [{ name: out, type: host, bind: . }]",
    "containers:",
    `  - name: web`,
    `    image: ${IMAGE}`,
    `    command: ${JSON.stringify(["sh", "-c", script, "sh", ...command])}`,
    `    args: ${JSON.stringify(args)}`,
    `    env: ${named("E", [...env, "end"])}`.replace(
      /\]$/,
      `,{"name":"OUT","value":${JSON.stringify(`/${pathPart}`)}}]`,
    ),
    `    mounts: [{ volume: out, dest: ${JSON.stringify(`/${pathPart}`)} }]`,
    "    startupProbe: { exit: true }",
    "",
  ].join("\n");
}

Deno.test({
  name: "hostile values reach a container's process and podman's labels as they are (property)",
  ignore: !podman,
  fn: () =>
    fc.assert(
      fc.asyncProperty(hostile, async (values) => {
        await using pod = await PodFolder.compile(yaml(values), { preprocess: false });
        const { code, err } = await pod.pod("run", "--wait=60");
        assert.equal(code, 0, err + (await pod.pod("logs", "-p")).out);

        const words = (await pod.read("args"))!.split("\0").slice(0, -1);
        assert.deepEqual(words, [...values.command, ...values.args]);

        const environment = new Map(
          (await pod.read("env"))!.split("\0").slice(0, -1)
            .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
        );
        for (const [index, expected] of [...values.env, "end"].entries()) {
          assert.equal(environment.get(`E${index}`), expected);
        }

        const { out } = await run("podman", ["pod", "inspect", "web-1.0.0"]);
        const inspected = JSON.parse(out);
        const { Labels } = Array.isArray(inspected) ? inspected[0] : inspected;
        for (const [index, expected] of values.labels.entries()) {
          assert.equal(Labels[`l${index}`], expected);
        }
      }),
      RUNS,
    ),
});
