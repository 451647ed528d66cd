/** Cluster ports that cover the kernel's local port range, on a host of its own. */
import assert from "node:assert/strict";
import { NetLab, whyNoLab } from "../proxy/net_lab.ts";
import { Program } from "../proxy/program.ts";
import { PORT_A, ProxyHost } from "../proxy/proxy_host.ts";

const reason = await whyNoLab();
const FEW_PORTS = "62000 62099";
const MORE_PORTS = "62000 62199";

Deno.test({
  name: "cluster ports over all local ports: nothing connects any more, and the proxy says why" +
    (reason ? ` (skipped: ${reason})` : ""),
  ignore: reason !== undefined,
  fn: async () => {
    await using net = await NetLab.create(["a"]);
    const [ip, prefix] = [net.ip("a"), net.on("a")];
    const conf = `CLUSTERPORTS ${PORT_A},62000-62099\n`;
    await using host = await ProxyHost.create({ ip, others: [], prefix, conf });
    await using pod = Program.helper(prefix, "pod", ip, 30001, "here");
    await using asking = Program.helper(prefix, "ask", ip, PORT_A, 1);
    await Promise.all([pod.until("ready"), asking.until("ready"), host.map({ hostPort: 30001 })]);
    const ask = async () => {
      await asking.tell("3");
      return await asking.json();
    };

    const warning = () => host.proxy.lines.find((line) => line.includes("local port")) ?? "";

    await net.sysctl("a", "net/ipv4/ip_local_port_range", FEW_PORTS);
    await host.start();
    assert.match(warning(), /^\[ERROR\] CLUSTERPORTS leave no local port: .* left=0 of=100 /);
    const { failures } = await ask();
    assert.equal(failures.length, 3);
    for (const failure of failures) assert.match(failure, /Cannot assign requested address/);
    await host.stop();

    await net.sysctl("a", "net/ipv4/ip_local_port_range", MORE_PORTS);
    await host.start();
    assert.match(warning(), /^\[ERROR\] .* left=100 of=200 /);
    assert.deepEqual((await ask()).answers, { here: 3 });
  },
});
