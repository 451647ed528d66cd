// Exits with 0 when the server is ready. Argument: its port.
const host = Deno.env.get("POD_HOST_INTERFACE") || "127.0.0.1";
const response = await fetch(`http://${host}:${Deno.args[0]}/ready`);
console.log((await response.text()).trim());
Deno.exit(response.ok ? 0 : 1);
