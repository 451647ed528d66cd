/** `host doctor` and `cluster doctor` on this machine, and over SSH. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { freshAddress, freshPort } from "../tests/loopback/mod.ts";
import { TestProject } from "./testing/project.ts";
import { hasSshd, Sshd } from "./testing/sshd.ts";

interface Row {
  readonly host: string;
  readonly check: string;
  readonly level: string;
  readonly message: string;
}

async function findings(project: TestProject, command: string): Promise<Row[]> {
  return JSON.parse((await project.run(`${command} --json`)).stdout);
}

Deno.test("doctor says who reaches whom, whose clock is wrong, and what mends it", async () => {
  await using project = await TestProject.create([]);
  await using server = Deno.serve(
    { hostname: freshAddress(), port: freshPort(), onListen: () => {} },
    () => new Response(""),
  );
  const { hostname, port } = server.addr;
  const closed = `${freshAddress()}:${freshPort()}`;
  for (const [host, router] of [["h1", `${hostname}:${port}`], ["h2", closed]]) {
    await project.ok(`host register ${host} -a local -d ${project.home(host!)} -r ${router}`);
    if (host === "h1") await project.ok(`host init ${host}`);
  }
  const all = await findings(project, "cluster doctor");
  const of = (host: string, check: string) =>
    all.filter((row) => row.host === host && row.check === check).map((row) => row.level);
  deepStrictEqual([of("h1", "home"), of("h2", "home")], [["ok"], ["error"]]);
  deepStrictEqual([of("h1", "reach"), of("h2", "reach")], [["error"], ["ok"]]);
  deepStrictEqual([of("h1", "clock"), of("h1", "disk").length], [["ok"], 1]);
  const { code, stdout, stderr } = await project.run("host doctor h2");
  strictEqual(code, 1);
  match(
    stdout,
    /^HOST +LEVEL +CHECK +FINDING\nh2 +error +home +is not initialised\n +mend: sns host init h2$/m,
  );
  match(stderr, /1 errors?, /);
  ok(!stdout.includes("agrees with the clock"));
  match((await project.run("host doctor h2 --all")).stdout, /clock +agrees with the clock here/);
  project.overrides = { now: () => new Date(Date.now() + 3_600_000) };
  deepStrictEqual(
    (await findings(project, "host doctor h1")).filter(({ check }) => check === "clock")
      .map(({ level }) => level),
    ["error"],
  );
  match(await project.fails("host doctor nobody"), /No host "nobody"/);
});

Deno.test("doctor reads certificates, follows no link, and sends no key", async () => {
  await using project = await TestProject.create(["h1"]);
  const dir = project.home("h1", "pods/letsencrypt/data/ca/certs");
  await Deno.mkdir(dir, { recursive: true });
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "90", "-subj", "/CN=x", "-addext", "subjectAltName=DNS:a.test,DNS:b.test"],
      ...["-keyout", join(dir, "key"), "-out", join(dir, "cert")],
    ],
    stderr: "null",
  }).output();
  ok(success);
  const pem = await Deno.readTextFile(join(dir, "key")) +
    await Deno.readTextFile(join(dir, "cert"));
  await Deno.writeTextFile(join(dir, "a.pem"), pem);
  await Deno.symlink("/etc/passwd", join(dir, "b.pem"));
  const certificates = async () =>
    (await findings(project, "host doctor h1")).filter(({ check }) => check === "certificates");
  const [row, more] = await certificates();
  strictEqual(more, undefined);
  match(row!.message, /^the certificate for a\.test b\.test is good for (89|90) days$/);
  project.overrides = { now: () => new Date(Date.now() + 80 * 86_400_000) };
  match((await certificates())[0]!.message, /expires in (9|10) days \(pods\/letsencrypt/);
  project.overrides = { now: () => new Date(Date.now() + 91 * 86_400_000) };
  match((await certificates())[0]!.message, /has expired/);
});

Deno.test({
  name: "doctor over SSH; a host that cannot be reached is an error of its own",
  ignore: !hasSshd,
  fn: async () => {
    await using project = await TestProject.create([]);
    {
      await using sshd = await Sshd.start();
      await project.register("far", sshd);
      const rows = await findings(project, "host doctor far");
      deepStrictEqual(rows.filter(({ check }) => check === "home").map((row) => row.level), ["ok"]);
      // Its SSH port is in EXPOSE and answers; others of this machine may be open, too.
      const firewall = rows.filter(({ check }) => check === "firewall");
      ok(firewall.length > 0 && firewall.every(({ level }) => level !== "error"));
    }
    const [row, more] = await findings(project, "host doctor far");
    strictEqual(more, undefined);
    deepStrictEqual([row!.check, row!.level], ["login", "error"]);
  },
});
