import { deepStrictEqual } from "node:assert/strict";
import { parseAccounts } from "./account.ts";

const sns = { name: "sns", uid: 1000, gid: 1001, home: "/home/sns" };

const rows: readonly [string, string, readonly unknown[]][] = [
  ["one that logs in", "sns:x:1000:1001:,,,:/home/sns:/bin/bash", [sns]],
  ["no shell named: it is /bin/sh", "sns:x:1000:1001::/home/sns:", [sns]],
  ["root", "root:x:0:0::/root:/bin/bash", []],
  ["another root", "toor:x:0:0::/root:/bin/bash\nr:x:00:0::/root:/bin/sh", []],
  ["services", "www:x:33:33::/var/www:/usr/sbin/nologin\na:x:34:34::/b:/bin/false", []],
  ["the disk's account", "sync:x:4:65534:sync:/bin:/bin/sync", []],
  ["all of the machine as a home", "a:x:5:5::/:/bin/sh", []],
  ["no absolute home", "a:x:5:5::home:/bin/sh", []],
  ["ids that mean nobody", "a:x:4294967295:5::/a:/bin/sh\nb:x:65535:5::/b:/bin/sh", []],
  ["ids that are none", "a:x:-1:5::/a:/bin/sh\nb:x:1e3:5::/b:/bin/sh\nc:x::5::/c:/bin/sh", []],
  ["names that are options", "--help:x:5:5::/a:/bin/sh", []],
  ["noise", "\n#\n::::::\nabc", []],
  ["one uid twice", "sns:x:1000:1001::/home/sns:/bin/sh\nb:x:1000:1::/b:/bin/sh", [sns]],
];
for (const [name, text, accounts] of rows) {
  Deno.test(`accounts: ${name}`, () => deepStrictEqual(parseAccounts(text), accounts));
}
