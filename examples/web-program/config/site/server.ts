// Serves one page that says which host answers. Argument: the port to listen on.
const hostname = Deno.env.get("POD_HOST_INTERFACE") || "127.0.0.1";
const port = Number(Deno.args[0]);
const server = Deno.serve(
  { hostname, port },
  () => new Response(`web on ${hostname}, from a program\n`),
);
Deno.addSignalListener("SIGTERM", () => server.shutdown());
