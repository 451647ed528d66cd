/** Probes of Kubernetes, which are commands here. */
import type { Fields, Value } from "./draft.ts";
import { isDict, type Reader, show, textOf, textsOf } from "./read.ts";

/** A probe of a container; remarks tell of what it needs in the image. */
export function kubeProbe(
  reader: Reader,
  key: "startupProbe" | "readinessProbe" | "livenessProbe",
  notes: string[],
): Fields | undefined {
  const probe = reader.dictOf(key);
  if (probe === undefined) return undefined;
  const cmd = command(probe, key, notes);
  if (cmd === undefined) {
    notes.push(`No counterpart: ${key}: ${show(probe)}`);
    return undefined;
  }
  const number = (name: string) =>
    probe[name] === undefined ? undefined : Number(textOf(probe[name], name));
  if (key === "startupProbe") {
    const wait = (number("periodSeconds") ?? 10) * (number("failureThreshold") ?? 3);
    return { cmd, timeout: wait + (number("initialDelaySeconds") ?? 0) };
  }
  return {
    cmd,
    timeout: number("timeoutSeconds") ?? 1,
    interval: number("periodSeconds"),
    initialDelay: number("initialDelaySeconds"),
    failureThreshold: number("failureThreshold") ?? 3,
  };
}

function command(
  probe: Readonly<Record<string, unknown>>,
  key: string,
  notes: string[],
): Value[] | undefined {
  const { exec, httpGet, tcpSocket } = probe;
  if (isDict(exec)) return textsOf(exec.command, `${key}.exec.command`);
  if (isDict(httpGet)) {
    notes.push(`${key} asks by wget, which the image has to have.`);
    const scheme = String(httpGet.scheme ?? "HTTP").toLowerCase();
    const port = textOf(httpGet.port, `${key}.httpGet.port`);
    if (!/^[0-9]+$/.test(port)) return undefined;
    return ["wget", "-q", "-O", "/dev/null", `${scheme}://localhost:${port}${httpGet.path ?? "/"}`];
  }
  if (isDict(tcpSocket)) {
    notes.push(`${key} asks by nc, which the image has to have.`);
    const port = textOf(tcpSocket.port, `${key}.tcpSocket.port`);
    return /^[0-9]+$/.test(port) ? ["nc", "-z", "localhost", port] : undefined;
  }
  return undefined;
}
