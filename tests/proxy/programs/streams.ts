/**
 * Long connections: `streams.ts ADDRESS PORT COUNT`. Opens them, prints JSON: how many lead to which pod.
 * For each line on stdin it sends something through all, and prints which of them answered within 5 s.
 */
import { close, commands, receiveLine, send, within } from "./wire.ts";

const [hostname, port, count] = Deno.args as [string, string, string];
const open = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const conn = await Deno.connect({ hostname, port: Number(port) });
    return { conn, name: await receiveLine(conn), dead: false };
  }),
);
const byName = (which: typeof open) => {
  const counts: Record<string, number> = {};
  for (const { name } of which) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};
console.log(JSON.stringify(byName(open)));
for await (const line of commands()) {
  await Promise.all(
    open.filter(({ dead }) => !dead).map(async (each) => {
      try {
        await within(each.conn, 5000, async () => {
          await send(each.conn, `${line}\n`);
          if (await receiveLine(each.conn) !== line) throw new Error("something else came back");
        });
      } catch {
        each.dead = true; // It is missed in what is printed.
        close(each.conn);
      }
    }),
  );
  console.log(JSON.stringify(byName(open.filter(({ dead }) => !dead))));
}
