import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { findBegin, remoteCommand } from "./remote_command.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a remote command has only characters that all login shells take as they are", () => {
  fc.assert(fc.property(fc.string(), fc.array(fc.string()), (script, args) => {
    const words = args.map((word) => word.replaceAll("\0", ""));
    const command = remoteCommand(script.replaceAll("\0", ""), words);
    match(
      command,
      /^exec sh -c 'eval "\$\(printf %s "\$1" \| base64 -d\)"' sns [A-Za-z0-9+/]+=*$/,
    );
  }));
  throws(() => remoteCommand("true", ["a\0b"]), TypeError);
});

for (const shell of [["dash"], ["bash", "--posix"], ["busybox", "sh"]]) {
  Deno.test(`${shell[0]}: arguments arrive, the exit code comes back, the begin is marked`, async () => {
    const args = ["a b", "", "-n", "*", "$HOME `id`", "'\"\\", "line\nbreak\n", "åß✓", "!x"];
    const { code, stdout } = await new Deno.Command(shell[0]!, {
      args: [...shell.slice(1), "-c", remoteCommand(`printf '%s\\0' "$0" "$@"; exit 7`, args)],
    }).output();
    strictEqual(code, 7);
    const begin = findBegin(stdout)!;
    deepStrictEqual(new TextDecoder().decode(stdout.subarray(begin.offset)).split("\0"), [
      "sns",
      ...args,
      "",
    ]);
  });
}

Deno.test("the begin is found behind a banner, byte for byte, and not before it is whole", () => {
  const banner = new Uint8Array([0xff, 0xfe, 0, ...bytes("Welcome\nto sns-begin x\n")]);
  const whole = new Uint8Array([...banner, ...bytes("\nsns-begin 12\nown")]);
  deepStrictEqual(findBegin(whole), { offset: whole.length - 3, pid: 12 });
  for (let length = 0; length < whole.length - 3; length++) {
    strictEqual(findBegin(whole.subarray(0, length)), undefined);
  }
  deepStrictEqual(findBegin(bytes("\nsns-begin \n")), { offset: 12 });
});
