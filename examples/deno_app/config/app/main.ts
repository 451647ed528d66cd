// A web server that says whether it is ready at /ready, and ends its requests before itself.
const hostname = Deno.env.get("POD_HOST_INTERFACE") || "0.0.0.0";
const name = `${Deno.env.get("POD_NAME")} ${Deno.env.get("POD_VERSION")}`;

async function ready(): Promise<Response> {
  try {
    await Deno.stat("maintenance");
    return new Response("under maintenance\n", { status: 503 });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Response("ready\n");
  }
}

const server = Deno.serve(
  {
    hostname,
    port: Number(Deno.env.get("PORT")),
    onListen: (address) => console.log(`${name} listens on ${address.hostname}:${address.port}`),
  },
  (request) =>
    new URL(request.url).pathname === "/ready" ? ready() : new Response(`hello from ${name}\n`),
);

Deno.addSignalListener("SIGTERM", () => server.shutdown());
await server.finished;
console.log("all requests answered");
Deno.exit();
