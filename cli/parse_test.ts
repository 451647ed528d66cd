import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { COMMANDS, entriesOf } from "./commands/index.ts";
import {
  completeAttachments,
  completeHosts,
  completeReleaseList,
  completeReleases,
} from "./completion.ts";
import { parseCommandLine } from "./parse.ts";
import { TestProject } from "./testing/project.ts";

async function parse(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const parsed = await parseCommandLine(args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  });
  return { parsed, stdout, stderr, code: parsed.kind === "exit" ? parsed.code : undefined };
}

for (const { words: called, entry } of entriesOf(COMMANDS)) {
  const name = called.join(" ");
  Deno.test(`sns ${name}: its help has text and examples, and they parse`, async () => {
    const { code, stdout } = await parse(...called, "--help");
    strictEqual(code, 0);
    match(stdout, new RegExp(`Usage: sns ${name}`));
    const { example } = await entry.load();
    for (const line of example.split("\n").flatMap((text) => text.split(" && "))) {
      ok(stdout.includes(line.trim()), `${line} is not in the help`);
      const [program, ...words] = line.split(" ");
      if (program !== "sns") continue;
      const { parsed, stderr } = await parse(...words);
      strictEqual(parsed.kind, "run", `${line}\n${stderr}`);
    }
  });
}

Deno.test("a group of commands tells which there are", async () => {
  const { code, stdout } = await parse("host", "setup");
  deepStrictEqual([code, /superuser/.test(stdout), /disableroot/.test(stdout)], [0, true, true]);
  const wrong = await parse("host", "setup", "everything");
  strictEqual(wrong.code, 2);
  match(wrong.stderr, /sns host setup --help/);
});

for (const args of [[], ["help"], ["-h"], ["--help"]]) {
  Deno.test(`sns ${args.join(" ")} prints the usage on stdout`, async () => {
    const { code, stdout, stderr } = await parse(...args);
    strictEqual(code, 0);
    match(stdout, /Usage: sns[\s\S]*cluster[\s\S]*host[\s\S]*pod/);
    strictEqual(stderr, "");
  });
}

for (const word of ["version", "-V", "--version"]) {
  Deno.test(`sns ${word}`, async () => {
    const { code, stdout } = await parse(word);
    strictEqual(code, 0);
    match(stdout, /^sns \d+\.\d+\.\d+\n$/);
  });
}

const wrong: readonly [string[], RegExp][] = [
  [["hots"], /^\[ERROR\] [\s\S]*Did you mean `host`/m],
  [["host", "atach"], /^\[ERROR\] [\s\S]*attach/m],
  [["host", "attach"], /Usage: sns host attach[\s\S]*^\[ERROR\] Missing POD@HOST/m],
  [["host", "register"], /^\[ERROR\] Missing .*HOST/m],
  [["host", "register", "h1"], /Missing option `-a`\/`--address`/],
  [["pod", "state"], /^\[ERROR\] Missing POD/m],
  [["helpp"], /Try: sns --help/],
  [["pod", "logs", "web", "-s", "foo"], /stdout.*stderr/],
  [["pod", "logs", "web", "-s", "stdout,"], /stdout.*stderr/],
  [["pod", "logs", "web", "-d", "ts,foo"], /ts.*name.*stream.*age/],
  [["host", "attach", "w@h", "--linc=x"], /Did you mean `--link`/],
  [["pod", "state", "web", "-s", "gone"], /running[\s\S]*stopped[\s\S]*removed/],
  [["pod", "logs", "web", "-l", "x"], /^\[ERROR\]/m],
  [["cluster", "sync", "--quiet=yes"], /^\[ERROR\]/m],
];
for (const [args, text] of wrong) {
  Deno.test(`usage error: sns ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await parse(...args);
    strictEqual(code, 2);
    strictEqual(stdout, "");
    match(stderr, text);
  });
}

const right: readonly string[][] = [
  ["host", "register", "h1", "--address=local", "--dir-home", "/srv/h1"],
  ["cluster", "sync", "--quite"],
  ["pod", "logs", "web", "-t", "-3600", "-l", "-5"],
  ["pod", "ls"],
  ["pod", "ls", "@h1"],
  ["pod", "rerun", "web", "--", "-x"],
];
for (const args of right) {
  Deno.test(`sns ${args.join(" ")} is understood`, async () => {
    const { parsed, stderr } = await parse(...args);
    strictEqual(parsed.kind, "run", stderr);
  });
}

Deno.test("completion offers nouns, verbs and options", async () => {
  match((await parse("completion", "bash")).stdout, /sns/);
  match((await parse("completion", "bash", "host", "at")).stdout, /attach/);
  match((await parse("completion", "bash", "cluster", "sync", "--dr")).stdout, /--dry-run/);
});

Deno.test("completion knows the hosts, pods and releases of the project", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  await project.write({
    "_pods/web/pod.yaml": "",
    "h1/pods/web/release/1.0.0/pod": "",
    "h1/pods/web/release/.0.9.0.1/pod": "",
  });
  const place = { cwd: project.path("h1/pods") };
  deepStrictEqual(completeHosts(place), ["h1", "h2"]);
  deepStrictEqual(completeReleases(place, "w"), ["web"]);
  deepStrictEqual(completeReleases(place, "web:"), ["web:1.0.0"]);
  deepStrictEqual(completeReleases(place, "web:1.0.0@"), ["web:1.0.0@h1"]);
  deepStrictEqual(completeAttachments(place, ""), ["ingress", "letsencrypt", "proxy", "web"]);
  deepStrictEqual(completeReleaseList(place, "api,web:"), ["api,web:1.0.0"]);
  deepStrictEqual(completeReleaseList(place, "@h"), ["@h1", "@h2"]);
  deepStrictEqual(completeAttachments(place, "web@"), ["web@h1", "web@h2"]);
  deepStrictEqual(completeHosts({ cwd: project.base }), []);
});
