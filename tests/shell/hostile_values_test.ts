/** Every value of a pod reaches podman, or the program, byte by byte: under each shell. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  Container,
  ContainerPod,
  ExecutablePod,
  Label,
  Mount,
  Volume,
} from "../../podc/mod.ts";
import { containerUnits } from "../../podc/render/container_units.ts";
import { executableUnits } from "../../podc/render/executable_units.ts";
import { type Shell, shells } from "./shells.ts";

const NASTY = [
  ...["", " ", "-", "--", "-rf", "'", '"', "''", "`id`", "$(id)", "${HOME}", "$HOME", "$", "$'a'"],
  ...[
    "\\",
    "\\\\",
    "a\\",
    "\\n",
    "\n",
    "\n\n",
    "a\nb\n",
    "\r\n",
    "\t",
    "*",
    "?",
    "[a-z]*",
    "~",
    "~/x",
  ],
  ...[
    "!",
    "!!",
    "#",
    "# x",
    ";",
    "&",
    "&&",
    "|",
    ">x",
    "<x",
    "(",
    ")",
    "{a,b}",
    "=",
    "a=b",
    "%s%n",
  ],
  ...[
    "EOF",
    "\nEOF\n",
    "}",
    "\n}\n",
    "done",
    "\x01\x7f\x1b[31m",
    "é",
    "ünïcödé 🎉",
    "\u2028",
    "\ufeff",
  ],
  ...["'\"'\"'", "\"'$`\\", "x".repeat(100_000), "'$`\\\n\"".repeat(15_000)],
];
const value = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.array(fc.constantFrom(...NASTY.filter(({ length }) => length < 10)), { maxLength: 6 })
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replaceAll("\0", "")),
);
const values = fc.array(value, { maxLength: 4 });
/** What may stand in a path for podman, colons and control characters excluded. */
const path = value.map((text) => "/" + text.replaceAll(/[:\p{Cc}]/gu, "").slice(0, 1000));

/** A script that answers with NUL-terminated words where podman would be called. */
const STUBS = `
object='an object' suffix=-s
run_container() { printf '%s\\0' "$@"; "\${become_podman:-:}"; }
podman_now() { printf '%s\\0' "$@"; }
become() { printf '%s\\0' "$@"; }
pod_name=app
`;

async function words(script: string, { interpreter, path: PATH }: Shell): Promise<string[]> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, script);
    const [program = "", ...options] = interpreter.split(" ");
    const { stdout, stderr, code } = await new Deno.Command(program, {
      args: [...options, "-u", file],
      cwd: "/",
      env: { PATH, LC_ALL: "C" },
      clearEnv: true,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(stdout);
    return text.split("\0").slice(0, -1);
  } finally {
    await Deno.remove(file);
  }
}

async function underEachShell(check: (shell: Shell) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const shell of await shells(directory)) await check(shell);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const base = { name: "app", version: "1.0.0", api: "1.0.0" };
const unit = { env: [], restart: "never" as const, expose: [], args: [], mounts: [] };

const containerPod: fc.Arbitrary<ContainerPod> = fc.record({
  env: values,
  command: fc.array(value, { minLength: 1, maxLength: 4 }),
  args: values,
  workingDir: path,
  user: fc.constantFrom("app:1000", "0"),
  labels: values,
  binds: fc.array(fc.tuple(path, path), { maxLength: 3 }),
  tmpfs: fc.array(path, { maxLength: 2 }),
}).map(({ env, command, args, workingDir, user, labels, binds, tmpfs }) => {
  const volumes: Volume[] = binds.map(([bind], index) => ({
    type: "host",
    name: `v${index}`,
    bind,
  }));
  const mounts: Mount[] = binds.map(([, dest], index) => ({ volume: `v${index}`, dest }));
  const container: Container = {
    ...unit,
    name: "web",
    image: "example.com/web:1",
    env: env.map((value, index) => ({ name: `E${index}`, value })),
    command,
    args,
    workingDir,
    user,
    network: "pod",
    mounts,
    tmpfs: tmpfs.map((dest) => ({ dest })),
  };
  const named: Label[] = labels.map((value, index) => ({ name: `l${index}`, value }));
  return { ...base, kind: "containers", labels: named, volumes, containers: [container] };
});

/** What podman has to be given, said without any shell. */
function expectedRun({ containers: [container], volumes }: ContainerPod): string[] {
  const { env, mounts, tmpfs = [], user = "", workingDir = "", command, image, args } = container!;
  const bind = (index: number) => {
    const volume = volumes[index]!;
    return volume.type === "host" ? volume.bind : "";
  };
  return [
    ...["--pod", "an object"],
    ...env.flatMap(({ name, value }) => [
      "--env",
      value.includes("\r\n") ? name : `${name}=${value}`,
    ]),
    ...mounts.flatMap(({ dest }, index) => ["--volume", `${bind(index)}:${dest}:z,rw,dev`]),
    ...tmpfs.flatMap(({ dest }) => ["--tmpfs", `${dest}:notmpcopyup,mode=1777`]),
    ...["--user", user],
    ...["--workdir", workingDir],
    ...["--entrypoint", JSON.stringify(command)],
    image,
    ...args,
  ];
}

/** The options of `words`, before the image, in pairs and sorted: their order says nothing. */
function sorted(words: readonly string[], pairs: number): string[] {
  const options = Array.from(
    { length: pairs },
    (_, index) => words.slice(2 * index, 2 * index + 2).join("\0"),
  );
  return [...options.sort(), ...words.slice(2 * pairs)];
}

Deno.test("hostile values: podman run and pod create get what the spec says (property)", () =>
  underEachShell(async (shell) => {
    await fc.assert(
      fc.asyncProperty(containerPod, async (pod) => {
        const { functions } = containerUnits(pod);
        const script = [
          STUBS,
          ...functions,
          "launch_web",
          "printf 'END\\0'",
          "create_podman_pod '' first",
        ].join("\n");
        const got = await words(script, shell);
        const expected = expectedRun(pod);
        const inherited = pod.containers[0]!.env.filter(({ value }) => value.includes("\r\n"))
          .map(({ name, value }) => `${name}=${value}`);
        const withEnv = inherited.length === 0 ? [] : ["env", ...inherited];
        const end = expected.length + withEnv.length;
        const pairs = expected.indexOf("example.com/web:1", expected.indexOf("--entrypoint")) / 2;
        assert.deepEqual(sorted(got.slice(0, expected.length), pairs), sorted(expected, pairs));
        assert.deepEqual(got.slice(expected.length, end), withEnv);
        assert.equal(got[end], "END");
        const labels = pod.labels.flatMap(({ name, value }) => ["--label", `${name}=${value}`]);
        const create = got.slice(end + 1);
        assert.deepEqual(create.slice(0, 8), [
          ...["pod", "create", "first", "--name", "an object", "--label", "simplenetes.name=app"],
          ...labels.slice(0, 1),
        ]);
        assert.deepEqual(create.slice(7), labels);
      }),
      { numRuns: 100 },
    );
  }));

Deno.test("hostile values: a program gets its words and its environment (property)", () =>
  underEachShell(async (shell) => {
    const program = fc.record({ command: fc.array(value, { minLength: 1 }), env: values });
    await fc.assert(
      fc.asyncProperty(program, async ({ command, env }) => {
        const pod: ExecutablePod = {
          ...base,
          kind: "executable",
          labels: [],
          volumes: [],
          executable: {
            ...unit,
            name: "app",
            command,
            env: env.map((value, index) => ({ name: `E${index}`, value })),
          },
        };
        const script = [
          STUBS,
          ...executableUnits(pod).functions,
          "launch_app",
          ...env.map((_, index) => `printf '%s\\0' "$E${index}"`),
        ].join("\n");
        assert.deepEqual(await words(script, shell), ["setsid", ...command, ...env]);
      }),
      { numRuns: 100 },
    );
  }));
