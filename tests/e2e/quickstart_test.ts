/** `sns quickstart` from the sources: the cluster runs, and every command that it shows is true. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { freshAddress } from "../loopback/mod.ts";
import { eventually, run } from "../shell/pod_folder.ts";
import { EXAMPLE_IMAGE, hasPodman, makeImage } from "./podman.ts";
import { commandsUnder, page, typedCommands } from "./quick_cluster.ts";

const PATH = `${new URL("../../scripts/bin/", import.meta.url).pathname}:${Deno.env.get("PATH")}`;
const podman = await hasPodman();
/** Root is refused. */
const ignore = Deno.uid() === 0;

class Place implements AsyncDisposable {
  readonly address = freshAddress();
  readonly url = `http://${this.address}:61000/`;
  private constructor(readonly base: string) {}

  static async make(): Promise<Place> {
    return new Place(await Deno.makeTempDir({ prefix: "quick start-" }));
  }

  get env(): Record<string, string> {
    return { ...Deno.env.toObject(), PATH, USER: "tester", GIT_CONFIG_GLOBAL: "/dev/null" };
  }

  /** Runs a program below the place's directory. */
  run(command: string, ...args: string[]) {
    return run(command, args, { cwd: this.base, env: this.env, clearEnv: true });
  }

  quickstart(...args: string[]) {
    return this.run("sns", "quickstart", `--address=${this.address}`, ...args);
  }

  async must(script: string): Promise<string> {
    const { code, out, err } = await this.run("sh", "-ec", script);
    assert.equal(code, 0, `${script}\n${out}${err}`);
    return out;
  }

  left(): string[] {
    return [...Deno.readDirSync(this.base)].map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whatever a test that failed has left running.
    await this.run(
      "sh",
      "-c",
      'for lock in "$1"/*/*-h1/.sns-daemon* "$1"/*/*-h1/.simplenetesd*; do [ -f "$lock" ] || continue; pid=$(sed -n "s/^pid \\([0-9]*\\),.*/\\1/p" "$lock"); [ -z "$pid" ] || kill "$pid"; done;' +
        'for pod in "$1"/*/*-h1/pods/*/release/*/pod; do [ ! -f "$pod" ] || { "$pod" rm --kill; "$pod" purge; }; done',
      "sh",
      this.base,
    );
    await Deno.remove(this.base, { recursive: true });
  }
}

async function life(place: Place, ...args: string[]): Promise<void> {
  const { code, out, err } = await place.quickstart("dev cluster", "--yes", ...args);
  assert.equal(code, 0, out + err);
  assert.match(await page(place.url), /Hello from a pod/);

  // Another page, as it says.
  const index = join(place.base, "dev cluster/demo/_config/hello/site/index.html");
  await Deno.writeTextFile(index, "another\n");
  const next = commandsUnder("To go on,", out);
  assert.match(await place.must(next), /hello/);
  await eventually("the page is another", async () => await page(place.url) === "another\n");

  await place.must(commandsUnder("To stop it:", out));
  assert.equal(await page(place.url), "");
  const again = await place.must(`${commandsUnder("To start it again:", out)}\necho $!`);
  await eventually("it is back", async () => await page(place.url) === "another\n", 60_000);

  await place.must(commandsUnder("To stop it:", out).replace(/kill \d+/, `kill ${again.trim()}`));
  await place.must(commandsUnder("To remove all of it", out));
  assert.deepEqual(place.left(), []);
}

Deno.test(
  { name: "quickstart with a container: runs, changes, stops, starts", ignore: !podman },
  async () => {
    await makeImage();
    await using place = await Place.make();
    await life(place, `--image=${EXAMPLE_IMAGE}`);
  },
);

Deno.test({ name: "quickstart with a program: runs, changes, stops, starts", ignore }, async () => {
  await using place = await Place.make();
  await life(place, "--program");
});

Deno.test({ name: "the commands that it shows make the same, typed by hand", ignore }, async () => {
  await using place = await Place.make();
  const made = await place.quickstart("one", "--yes", "--program");
  assert.equal(made.code, 0, made.out + made.err);
  await place.must(commandsUnder("To stop it:", made.out));
  await place.must(commandsUnder("To remove all of it", made.out));
  const typed = typedCommands(made.out).filter((command) => !command.startsWith("curl"));
  await place.must([...typed, "echo $! >../pid"].join("\n"));
  const pid = await Deno.readTextFile(join(place.base, "one/pid"));
  await eventually("the page is there", async () => /Hello/.test(await page(place.url)), 60_000);
  const stop = commandsUnder("To stop it:", made.out);
  await place.must(stop.replace(/kill \d+/, `kill ${pid.trim()}`));
});

Deno.test({ name: "on a terminal it asks for the directory and the name", ignore }, async () => {
  await using place = await Place.make();
  const command = `sns quickstart --program --address=${place.address}`;
  const out = await place.must(`printf 'mine\\n\\n' | script -qec '${command}' /dev/null`);
  assert.match(out, /Directory to make \[simplenetes\]: /);
  assert.match(out, /Name of the cluster \[demo\]: /);
  assert.deepEqual(place.left(), ["mine"]);
  assert.match(await page(place.url), /Hello/);
  await place.must(commandsUnder("To stop it:", out.replaceAll("\r", "")));
});

Deno.test({ name: "what stands against it is said before anything is made", ignore }, async () => {
  await using place = await Place.make();
  await Deno.mkdir(join(place.base, "full/of"), { recursive: true });
  using _taken = Deno.listen({ hostname: place.address, port: 32767 });
  const { code, err } = await place.quickstart("full", "--yes", "--program");
  assert.equal(code, 1);
  assert.match(
    err,
    /full is not empty[\s\S]*:32767 is taken[\s\S]*Try: .*another directory.*--address/,
  );
  assert.deepEqual(place.left(), ["full"]);
});

Deno.test({
  name: "a step that fails leaves nothing, and an empty directory empty",
  ignore: !podman,
}, async () => {
  await using place = await Place.make();
  await Deno.mkdir(join(place.base, "empty"));
  const { code, err } = await place.quickstart(
    "empty",
    "--yes",
    "--image=localhost/no-such-image:1",
  );
  assert.equal(code, 1, err);
  assert.match(err, /podman pull -q localhost\/no-such-image:1" ended with[\s\S]*Try: --image/);
  assert.deepEqual([...Deno.readDirSync(join(place.base, "empty"))], []);
});

Deno.test({ name: "interrupted while it waits, it takes everything back", ignore }, async () => {
  await using place = await Place.make();
  const child = new Deno.Command("sns", {
    args: ["quickstart", "cluster", "--yes", "--program", `--address=${place.address}`],
    ...{ cwd: place.base, env: place.env, clearEnv: true, stdin: "null" as const },
    ...{ stdout: "piped" as const, stderr: "null" as const },
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (/^\$ setsid/m.test(said)) child.kill("SIGINT");
  }
  assert.equal((await child.status).code, 130, said);
  assert.deepEqual(place.left(), []);
  assert.equal(await page(place.url), "");
});
