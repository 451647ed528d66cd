/**
 * What every command keeps to: help with an example, completion, JSON where it prints data, exit codes,
 * CLUSTERPATH, and the options that the original's commands have. A new command gets an entry in RULES.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { COMMANDS, entriesOf } from "./commands/index.ts";
import { parseCommandLine } from "./parse.ts";
import { podYaml, TestProject } from "./testing/project.ts";

interface Rule {
  /** Arguments of a run that prints data, with exit code 0; absent when it prints none, or needs more. */
  readonly data?: string;
  /** Whether it has --json. */
  readonly json: boolean;
  /** Command lines of the original that have to be understood. */
  readonly known?: readonly string[];
  /** Runs anywhere, not only in a project. */
  readonly anywhere?: true;
}

const RULES: Readonly<Record<string, Rule>> = {
  "quickstart": { json: false, known: ["", "dir --name=demo --yes"], anywhere: true },
  "cluster create": { json: false, known: ["demo"], anywhere: true },
  "cluster sync": {
    json: true,
    data: "",
    known: ["-f -q", "--force --quite", "--pod-to-overwrite=web:1.0.0"],
  },
  "cluster plan": { json: true, data: "" },
  "cluster ps": { json: true, data: "" },
  "cluster diff": { json: true, data: "" },
  "cluster doctor": { json: true },
  "cluster registry": { json: false, known: ["", "h1", "-"] },
  "cluster geningress": {
    json: true,
    known: ["", "ingress", "-x 61000,61001", "edge --exclude-cluster-ports=61000"],
  },
  "cluster importconfig": { json: false, known: ["web"] },
  "host register": {
    json: false,
    known: [
      "h3 -a 10.0.0.1:22 -j h1 -e 80,443 -d home -u me -k key -s root -S rootkey -i 10.0.0.0/8 -r 10.0.0.1:32767",
      "h3 --address=local --jump-host=h1 --expose=80 --dir-home=d --user-name=u --keyfile=k" +
      " --super-user-name=s --super-user-keyfile=k --internal-networks=10.0.0.0/8 --router-address=a:1",
    ],
  },
  // Only hosts over SSH have keys.
  "host trust": { json: true },
  "host setup all": { json: true },
  "host setup superuser": {
    json: true,
    known: ["h1", "h1 -k key -s me -S mykey", "h1 --root-keyfile=key --super-user-name=me"],
  },
  "host setup disableroot": { json: true, known: ["h1"] },
  "host setup install": {
    json: true,
    known: [
      "h1 --skip-systemd --skip-podman --skip-firewall --strict-user-keys --strict-super-user-keys",
    ],
  },
  "host init": { json: false, known: ["h1", "h1 -f", "h1 --force"] },
  "host ls": { json: true, data: "", known: ["-a", "--all -s", "--state -p web", "--pod=web"] },
  "host state": { json: true, data: "h1", known: ["h1 -s inactive", "h1 --state=disabled"] },
  "host shell": { json: false, known: ["h1 -s -b", "h1 --super-user --bash -- ls -l"] },
  "host logs": { json: true, data: "h1 --sync", known: ["", "h1"] },
  "host doctor": { json: true },
  "host unlock": { json: true, data: "h1" },
  "host prune": { json: true, data: "--dry-run" },
  "host attach": { json: false, known: ["web@h1", "web@h1 -l url", "web@h1 --link=url"] },
  "host detach": { json: false, known: ["web", "web@h1"] },
  "pod compile": { json: true, data: "web", known: ["web@h1 -v"] },
  "pod updateconfig": { json: false, known: ["web", "web:1.0.0@h1"] },
  "pod ls": {
    json: true,
    data: "",
    known: ["web -q", "web:latest@h1 -s running", "@h1 --quite --state=all"],
  },
  "pod state": {
    json: true,
    data: "web",
    known: ["web:1.0.0 web@h1 -s stopped", "web --state=removed"],
  },
  "pod ingress": {
    json: true,
    data: "web",
    known: ["web web@h1 -s active", "web --state=inactive"],
  },
  "pod ps": { json: true, data: "web", known: ["web -r -q", "web --readiness --quite"] },
  "pod info": { json: true, data: "web", known: ["web:1.0.0@h1"] },
  "pod logs": {
    json: true,
    data: "web",
    known: [
      "web a b -p -t -3600 -l -5 -s stdout -d ts,name",
      "web --daemon-process --timestamp=0 --limit=0 --stream=stdout,stderr --details=none",
    ],
  },
  "pod release": {
    json: true,
    known: ["web:1.0.0 -m hard -p -f", "web --mode=soft --push --force"],
  },
  "pod rollback": { json: true },
  "cluster rollback": { json: true },
  "pod shell": {
    json: false,
    known: ["web -c web -b", "web --container=web --bash -- ls -l"],
  },
  "pod signal": { json: false, known: ["web a b"] },
  "pod rerun": { json: false, known: ["web a b"] },
  "pod delete": { json: false, known: ["web:1.0.0 web:2.0.0@h1"] },
};

async function parse(...args: string[]) {
  let [stdout, stderr] = ["", ""];
  const parsed = await parseCommandLine(args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  });
  return { parsed, stdout, stderr, code: parsed.kind === "exit" ? parsed.code : undefined };
}

const words = (text: string) => text.split(" ").filter((word) => word !== "");
const all = entriesOf(COMMANDS);

Deno.test("every command has its rules", () => {
  const registered = all.map(({ words }) => words.join(" ")).sort();
  const missing = registered.filter((name) => RULES[name] === undefined);
  deepStrictEqual(missing, [], "put these into RULES in cli/commands_test.ts");
});

for (const { words: called, entry } of all) {
  const name = called.join(" ");
  const [before, verb] = [called.slice(0, -1), called.at(-1)!];
  const rule = RULES[name];
  Deno.test(`sns ${name}: help, completion, JSON, wrong options, the original's options`, async () => {
    const { stdout: help, code } = await parse(...called, "--help");
    strictEqual(code, 0);
    const { example, description } = await entry.load();
    match(help, new RegExp(`Usage: sns ${name}[\\s\\S]*^Example:$[\\s\\S]*^ +sns ${name}`, "m"));
    ok(description.length > 0 && entry.brief.length > 0);
    for (const shell of ["bash", "zsh", "fish"]) {
      const verbs = await parse("completion", shell, ...before, verb.slice(0, 2));
      ok(verbs.stdout.includes(verb), `${shell}: ${verbs.stdout}`);
      const options = await parse("completion", shell, ...called, "--");
      for (const [option] of help.matchAll(/--[a-z][a-z-]+/g)) {
        if (option === "--help" || example.includes(option)) continue;
        ok(options.stdout.includes(option), `${shell} does not offer ${option}: ${options.stdout}`);
      }
    }
    strictEqual(/--json/.test(help), rule?.json, "--json");
    const wrong = await parse(...called, "--no-such-option");
    deepStrictEqual([wrong.code, wrong.stdout], [2, ""]);
    match(wrong.stderr, /^\[ERROR\]/m);
    for (const known of rule?.known ?? []) {
      const { parsed, stderr } = await parse(...called, ...words(known));
      strictEqual(parsed.kind, "run", `sns ${name} ${known}: ${stderr}`);
    }
  });
}

Deno.test("commands that print data print it as JSON, too, and nothing else on stdout", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  await project.write({
    "_pods/web/pod.yaml": podYaml(),
    "_pods/web/config/conf/a": "1",
    "cluster-vars.env": "web_greeting=x\n",
  });
  for (const host of ["h1", "h2"]) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  await project.commit();
  await project.ok("cluster sync");
  for (const host of ["h1", "h2"]) {
    const log = project.home(host, "pods/web/release/1.0.0/log/web-web-1.0.0.log");
    await Deno.mkdir(project.home(host, "pods/web/release/1.0.0/log"));
    await Deno.writeTextFile(log, "2026-01-01T00:00:00.5Z stdout F a line\n");
  }
  for (const [name, { data }] of Object.entries(RULES)) {
    if (data === undefined) continue;
    const line = [...words(name), ...words(data)];
    const text = await project.run(line);
    strictEqual(text.code, 0, `sns ${line.join(" ")}: ${text.stderr}`);
    const { code, stdout, stderr } = await project.run([...line, "--json"]);
    strictEqual(code, 0, `sns ${line.join(" ")} --json: ${stderr}`);
    ok(stdout.endsWith("\n"), `${name}: ${stdout}`);
    // Logs are an object per line, all else is one value.
    const values = name.endsWith(" logs") ? stdout.trimEnd().split("\n") : [stdout];
    for (const value of values) ok(typeof JSON.parse(value) === "object", `${name}: ${value}`);
  }
});

Deno.test("outside a project all but a few say so, and CLUSTERPATH leads to one", async () => {
  await using project = await TestProject.create(["h1"]);
  for (const { words: called, entry } of all) {
    const name = called.join(" ");
    const rule = RULES[name]!;
    if (rule.anywhere) continue;
    // An example has everything that is needed.
    const example = (await entry.load()).example.split("\n").at(-1)!.split(/ [<|&]/)[0]!;
    const line = words(
      rule.known?.[0] ?? rule.data ?? example.split(" ").slice(1 + called.length).join(" "),
    );
    const outside = await project.run([...called, ...line], project.base);
    strictEqual(outside.code, 1, `${name}: ${outside.stderr}`);
    match(outside.stderr, /CLUSTERPATH|cluster project/, name);
    strictEqual(outside.stdout, "");
  }
  const env = (values: Record<string, string>) => ({
    env: (name: string) => ({ USER: "tester", ...values })[name],
  });
  project.overrides = env({ CLUSTERPATH: project.root });
  strictEqual((await project.run("host ls", project.base)).stdout, "h1\n");
  // It has to be the project itself, nothing above it is looked at.
  project.overrides = env({ CLUSTERPATH: project.path("h1") });
  strictEqual((await project.run("host ls", project.root)).code, 1);
  project.overrides = env({ PODPATH: `${project.base}/nowhere` });
  const { code, stderr } = await project.run("host attach web@h1");
  strictEqual(code, 1);
  match(stderr, /nowhere/);
});
