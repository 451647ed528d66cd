import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { Account } from "./account.ts";
import { accountNames, AccountRegister, askAccounts, MOST_ACCOUNTS } from "./accounts.ts";

const account = (uid: number): Account => ({
  name: `u${uid}`,
  uid,
  gid: uid,
  home: `/home/${uid}`,
});

/** Asks with a getent that is this shell script. */
async function ask(script: string, names: readonly string[] = [], timeoutMs = 20_000) {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/getent`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { PATH: `${dir}:/usr/bin:/bin` };
    const signal = new AbortController().signal;
    return await askAccounts({ names, env, signal, timeoutMs });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const LINE = "printf 'u7:*:7:7:from a directory:/home/7:/bin/sh\\nwww:x:33:33::/:/bin/false\\n'";

Deno.test("accounts come from all of the system's directories, by getent", async () => {
  deepStrictEqual(await ask(LINE), [account(7)]);
  // Where it is the real one, it lists at least what this process is.
  const env = { PATH: "/usr/bin:/bin" };
  ok(Array.isArray(await askAccounts({ names: [], env, signal: new AbortController().signal })));
});

Deno.test("named accounts are asked for by name; unknown ones are passed over", async () => {
  const script = `[ "$*" = "passwd -- u7 gone" ] && ${LINE}; exit 2`;
  deepStrictEqual(await ask(script, accountNames(" u7, gone\n")), [account(7)]);
  await rejects(ask(LINE, ["--help"]), /SIMPLENETESD_ACCOUNTS: "--help" is no account name/);
});

const failures: readonly [string, string, RegExp][] = [
  ["it fails", "echo down >&2; exit 1", /Cannot list the accounts by getent: exit code 1 down/],
  ["it hangs", "sleep 100", /no end after 0\.3 s/],
  ["it never ends", "yes u:x:5:5::/a:/bin/sh", /name the ones to serve in SIMPLENETESD_ACCOUNTS/],
];
for (const [name, script, why] of failures) {
  Deno.test(`no accounts when ${name}`, async () => {
    await rejects(ask(script, [], name === "it hangs" ? 300 : 20_000), why);
  });
}

Deno.test("an account that is missing for a while is kept, one that is gone is not", () => {
  const register = new AccountRegister();
  strictEqual(register.update([account(1), account(2)], 0), undefined);
  register.update([account(1)], 299_000);
  deepStrictEqual(register.accounts, [account(1), account(2)]);
  register.update([account(1)], 300_000);
  deepStrictEqual(register.accounts, [account(1)]);
});

Deno.test("no more accounts than can be served, and word of it", () => {
  const register = new AccountRegister();
  const many = Array.from({ length: MOST_ACCOUNTS + 1 }, (_, n) => account(n + 1));
  match(register.update(many, 0)!, /There are 1001 accounts .* SIMPLENETESD_ACCOUNTS/);
  strictEqual(register.accounts.length, MOST_ACCOUNTS);
});
