/** Whether a host's firewall lets in what EXPOSE says, and nothing else. Pure. */
import type { Expected, Judged } from "./diagnose.ts";
import type { Facts } from "./facts.ts";

/** For other hosts, whatever EXPOSE says. */
const PROXY_PORT = 32767;

export function firewall(facts: Facts, { host, expose, outside }: Expected): Judged[] {
  // A host on this machine has no outside of its own.
  if (outside === undefined) return [];
  const install = `sns host setup install ${host}`;
  const active = facts.get("firewall") ?? [];
  const wanted = new Set(expose.map(Number));
  const found: Judged[] = [];
  for (const [port, answer] of outside) {
    if (wanted.has(port) && answer === "silent") {
      found.push({
        level: "error",
        message: `port ${port} is in EXPOSE, but nothing answers there: a firewall drops it`,
        mend: `${install}; and look at the firewall of its provider`,
      });
    }
    if (!wanted.has(port) && answer === "open") {
      found.push({
        level: "warning",
        message: port === PROXY_PORT
          ? `the proxy's port ${port} is open to this machine: it is for hosts of the cluster only`
          : `port ${port} is open to this machine, and not in EXPOSE`,
        mend: "close it in the firewall, let the program listen on 127.0.0.1, or add it to EXPOSE" +
          " in host.env",
      });
    }
  }
  if (active.length === 0 && facts.has("systemd")) {
    found.push({
      level: "warning",
      message: "no firewall is active (firewalld, ufw or nftables)",
      mend: install,
    });
  }
  if (found.length > 0) return found;
  return [{ level: "ok", message: `lets in EXPOSE (${expose.join(", ")}), and nothing else here` }];
}
