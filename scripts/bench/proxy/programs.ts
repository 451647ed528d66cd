/** What the figures of the proxy are made with. */
import { must } from "./process.ts";

const PROGRAMS = { iperf3: "iperf3", wrk: "wrk", haproxy: "haproxy", nginx: "nginx-light" };

/** Ends with a word on what to install where one is missing. */
export async function checkPrograms(): Promise<void> {
  const missing: string[] = [];
  for (const [program, debian] of Object.entries(PROGRAMS)) {
    await must("sh", "-c", `command -v ${program}`).catch(() => missing.push(debian));
  }
  if (missing.length === 0) return;
  console.error(`These programs are missing. Try: apt-get install ${missing.join(" ")}`);
  Deno.exit(1);
}
