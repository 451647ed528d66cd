/** Opens connections, says so, and holds them until its stdin ends: `hold.ts ADDRESS PORT COUNT`. */
const [hostname, port, count] = Deno.args as [string, string, string];
const open: Deno.Conn[] = [];
for (let left = Number(count); left > 0; left -= 50) {
  const some = Array.from(
    { length: Math.min(50, left) },
    () => Deno.connect({ hostname, port: Number(port) }),
  );
  open.push(...await Promise.all(some));
}
console.log(open.length);
await Deno.stdin.readable.pipeTo(new WritableStream());
