/** Host keys, keys to log in with, and jump hosts, against real servers. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { HostError, type HostErrorReason } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { agent } from "../testing/agent.ts";
import { Far } from "../testing/far.ts";
import { hasSshd, makeKey, Sshd } from "../testing/sshd.ts";
import { until } from "../testing/until.ts";
import type { SshHost } from "./ssh_host.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !hasSshd, fn });

const reach = async (host: SshHost) => {
  const { stdout } = await host.run({ script: "echo hello", timeoutMs: 20_000 });
  strictEqual(new TextDecoder().decode(stdout), "hello\n");
};

async function refuses(host: SshHost, reason: HostErrorReason, message: RegExp, hint = /(?:)/) {
  await rejects(host.run({ script: "true", timeoutMs: 20_000 }), (error) => {
    ok(error instanceof HostError, String(error));
    strictEqual(error.reason, reason, error.message);
    match(error.message, message);
    match(error.cause instanceof UserError ? error.cause.hint ?? "" : "", hint);
    return true;
  });
}

test("a host whose key is not known is not logged in to", async () => {
  await using sshd = await Sshd.start();
  await using far = new Far();
  const host = await far.host("h1", sshd, {}, false);
  await refuses(
    host,
    "refused",
    /the host key of "h1" \(127\.0\.0\.1:\d+\) is not known yet: ssh-ed25519 SHA256:/,
    /sns host trust h1/,
  );
  ok(!(await sshd.log()).includes("Accepted publickey"));
});

/** Logins that never go on take the server's places. */
async function occupied(sshd: Sshd, places: number): Promise<Deno.Conn[]> {
  const held: Deno.Conn[] = [];
  for (let n = 0; n < places; n++) {
    const connection = await Deno.connect({ hostname: sshd.address, port: sshd.port });
    await connection.read(new Uint8Array(4));
    held.push(connection);
  }
  return held;
}

test("a server with too many logins under way is tried again, as long as a connection may take", async () => {
  await using sshd = await Sshd.start({ config: ["MaxStartups 2", "LogLevel VERBOSE"] });
  await using far = new Far();
  const host = await far.host("h1", sshd);
  const held = await occupied(sshd, 2);
  const reached = reach(host);
  await until(
    "it is turned away",
    async () => /MaxStartups|drop connection/.test(await sshd.log()),
  );
  for (const connection of held) connection.close();
  await reached;
  const short = await far.host("h2", sshd, { FLAGS: "-oConnectTimeout=2" });
  const again = await occupied(sshd, 2);
  await refuses(short, "unreachable", /closed before the login/);
  for (const connection of again) connection.close();
});

test("many commands at once get through a server that allows two logins at a time", async () => {
  await using sshd = await Sshd.start({ config: ["MaxStartups 2"] });
  const all = Array.from({ length: 12 }, () => new Far());
  try {
    await Promise.all(all.map(async (far) => await reach(await far.host("h1", sshd))));
  } finally {
    await Promise.all(all.map((far) => far[Symbol.asyncDispose]()));
  }
  match(await sshd.log(), /MaxStartups/);
});

test("a changed host key is told with both fingerprints, file and line", async () => {
  await using sshd = await Sshd.start();
  await using far = new Far();
  await reach(await far.host("h1", sshd));
  const before = await Deno.readTextFile(`${sshd.hostKey}.pub`);
  await sshd.changeHostKey();
  const prints = [];
  for (const text of [await Deno.readTextFile(`${sshd.hostKey}.pub`), before]) {
    await Deno.writeTextFile(join(far.root, "key"), text);
    const args = ["-l", "-f", join(far.root, "key")];
    const { stdout } = await new Deno.Command("ssh-keygen", { args }).output();
    prints.push(new TextDecoder().decode(stdout).split(" ")[1]!);
  }
  const [shown, recorded] = prints.map(RegExp.escape);
  await refuses(
    await far.host("h1", sshd, {}, false),
    "refused",
    new RegExp(
      `"h1" .* has changed: it shows ssh-ed25519 ${shown}, .*${recorded} \\(${far.root}/known_hosts:1\\)`,
    ),
    /sns host trust h1/,
  );
});

test("a host that has no key of the recorded type is refused", async () => {
  await using rsa = await Sshd.start({ hostKeyType: "rsa" });
  await using far = new Far();
  const host = await far.host("h1", rsa);
  await reach(host);
  await using other = new Far();
  await other.host("h1", rsa, {}, false);
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      `ssh-keygen -q -t ed25519 -N '' -f "$1/k" && cut -d' ' -f1,2 "$1/k.pub"`,
      "sh",
      other.root,
    ],
  }).output();
  const line = `[${rsa.address}]:${rsa.port} ${new TextDecoder().decode(stdout)}`;
  await Deno.writeTextFile(join(other.root, "known_hosts"), line);
  await refuses(
    other.connections.host("h1", join(other.root, "h1")),
    "refused",
    /no key of the types that are recorded/,
    /sns host trust h1/,
  );
});

test("a HostKeyAlias tells hosts with the same address apart", async () => {
  await using sshd = await Sshd.start();
  await using far = new Far();
  await reach(await far.host("h1", sshd, { FLAGS: "-oHostKeyAlias=site-a" }));
  match(await Deno.readTextFile(join(far.root, "known_hosts")), /^site-a ssh-ed25519 /);
  await refuses(
    await far.host("h2", sshd, { FLAGS: "-oHostKeyAlias=site-b" }, false),
    "refused",
    /not known/,
  );
});

test("a wrong key, a missing one and none are told apart", async () => {
  await using sshd = await Sshd.start();
  await using far = new Far();
  await makeKey(join(far.root, "stranger"));
  const login = new RegExp(`:${sshd.port} does not let ${sshd.user} in`);
  await refuses(
    await far.host("wrong", sshd, { KEYFILE: "../stranger" }),
    "refused",
    login,
    /authorized_keys.*stranger/,
  );
  await refuses(
    await far.host("missing", sshd, { KEYFILE: "id_gone" }),
    "refused",
    /no key to log in to "missing" with: .*missing\/id_gone does not exist/,
    /KEYFILE/,
  );
  await refuses(await far.host("none", sshd, { KEYFILE: "" }), "refused", /KEYFILE is empty/);
  await Deno.writeTextFile(join(far.root, "no-key"), "junk");
  await refuses(
    await far.host("junk", sshd, { KEYFILE: "../no-key" }),
    "refused",
    /no-key can't be used/,
  );
});

test("a key that others may read is used with a warning", async () => {
  await using sshd = await Sshd.start();
  await using far = new Far();
  await Deno.chmod(sshd.key, 0o644);
  await reach(await far.host("h1", sshd));
  deepStrictEqual(far.warnings.length, 1);
  match(far.warnings[0]!, /mode 644.*chmod 600/);
});

test("a passphrase is asked for once, and again when it is wrong", async () => {
  await using sshd = await Sshd.start();
  await sshd.admit("locked", "open sesame");
  const questions: string[] = [];
  const answers = ["wrong", "open sesame"];
  await using far = new Far({
    ask: (question, { secret }) => {
      questions.push(`${question}${secret}`);
      return Promise.resolve(answers[questions.length - 1]);
    },
  });
  const KEYFILE = join(sshd.dir, "locked");
  const hosts = [await far.host("a", sshd, { KEYFILE }), await far.host("b", sshd, { KEYFILE })];
  await Promise.all(hosts.map(reach));
  deepStrictEqual(questions, [
    `Passphrase of ${KEYFILE}: true`,
    `That is not it. Passphrase of ${KEYFILE}: true`,
  ]);
});

test("without a terminal a key with a passphrase is refused", async () => {
  await using sshd = await Sshd.start();
  await sshd.admit("locked", "x");
  await using far = new Far();
  await refuses(
    await far.host("h1", sshd, { KEYFILE: join(sshd.dir, "locked") }),
    "refused",
    /locked needs a passphrase/,
    /ssh-add /,
  );
});

test("an agent opens what is locked, and what no file holds", async () => {
  await using sshd = await Sshd.start();
  await sshd.admit("locked", "x");
  await using keys = await agent();
  // More keys than a server has patience for come before the right one.
  for (let n = 0; n < 7; n++) {
    await makeKey(join(sshd.dir, `other${n}`));
    await keys.add(join(sshd.dir, `other${n}`));
  }
  await using far = new Far({ agent: keys.socket });
  const KEYFILE = join(sshd.dir, "locked");
  await refuses(await far.host("before", sshd, { KEYFILE }), "refused", /needs a passphrase/);
  await keys.add(KEYFILE, "x");
  await reach(await far.host("h1", sshd, { KEYFILE }));
  await using only = await agent();
  await only.add(sshd.key);
  await using other = new Far({ agent: only.socket });
  await reach(await other.host("h1", sshd, { KEYFILE: "gone" }));
  await reach(await other.host("h2", sshd, { KEYFILE: "" }));
  await refuses(
    await other.host("h3", sshd, { KEYFILE: "gone", FLAGS: "-oIdentitiesOnly=yes" }),
    "refused",
    /does not exist/,
  );
});

for (const type of ["rsa", "ecdsa"]) {
  test(`a key of type ${type} lets in`, async () => {
    await using sshd = await Sshd.start();
    for (let n = 0; n < 6; n++) {
      await sshd.admit(`${type}${n}`, "", type);
      await using far = new Far();
      await reach(await far.host("h1", sshd, { KEYFILE: join(sshd.dir, `${type}${n}`) }));
    }
  });
}

test("a host behind two jump hosts is reached over one connection to each", async () => {
  await using outer = await Sshd.start({ address: "127.0.0.11" });
  await using inner = await Sshd.start({ address: "127.0.0.12" });
  await using target = await Sshd.start({ address: "127.0.0.13" });
  await using other = await Sshd.start({ address: "127.0.0.14" });
  await using far = new Far();
  const door = await far.host("outer", outer);
  await far.host("inner", inner, { JUMPHOST: "outer" });
  const hosts = [
    await far.host("target", target, { JUMPHOST: "../inner" }),
    await far.host("other", other, { JUMPHOST: "inner" }),
  ];
  await Promise.all([...hosts, door].map(reach));
  for (const sshd of [outer, inner, target, other]) strictEqual(await sshd.connections(), 1);
  // Nobody was dialled directly but the first.
  match(await target.log(), /Accepted publickey/);
});

test("a jump host that is down, does not know us or reaches nobody is named", async () => {
  await using door = await Sshd.start({ address: "127.0.0.11" });
  await using target = await Sshd.start({ address: "127.0.0.13" });
  await using far = new Far();
  await far.host("door", door);
  await reach(await far.host("h1", target, { JUMPHOST: "door" }));
  const port = target.port;
  await target.down();
  await using again = new Far();
  await again.host("door", door);
  const h1 = await again.host("h1", target, { JUMPHOST: "door" });
  await refuses(
    h1,
    "unreachable",
    new RegExp(`no connection to 127\\.0\\.0\\.13:${port} from "door": .*refused`, "i"),
  );
  await again.host("door", door, { KEYFILE: "gone" });
  await using third = new Far();
  await third.host("door", door, {}, false);
  await refuses(
    await third.host("h1", target, { JUMPHOST: "door" }, false),
    "refused",
    /the host key of "door" .*not known/,
    /sns host trust h1/,
  );
  await door.down();
  await using fourth = new Far();
  await fourth.host("door", door);
  await refuses(
    await fourth.host("h1", target, { JUMPHOST: "door" }),
    "unreachable",
    /no connection to 127\.0\.0\.11:\d+: nothing listens/,
  );
});

test("a host that accepts but never says a word is given up", async () => {
  // The kernel accepts for a listener; nobody answers.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using sshd = await Sshd.start();
  await using far = new Far();
  const PORT = String(listener.addr.port);
  await refuses(
    await far.host("h1", sshd, { PORT, FLAGS: "-oConnectTimeout=1" }),
    "unreachable",
    /no answer within 1 s/,
  );
});
