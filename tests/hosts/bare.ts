/** Bare machines of a lab, registered in a project, and the setup commands on them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Lab } from "./lab.ts";
import type { Lan } from "./network.ts";
import type { Ran } from "../shell/pod_folder.ts";

export interface Step {
  readonly host: string;
  readonly result: string;
  readonly step: string;
  readonly text: string;
}

/** A project on an operator's machine with bare hosts of a lab. */
export class Bare implements AsyncDisposable {
  private constructor(readonly lab: Lab) {}

  /** Boots hosts without podman, and makes a project; those in the operator's network are registered. */
  static async create(hosts: Readonly<Record<string, readonly Lan[]>>): Promise<Bare> {
    const specs = Object.entries(hosts).map(([name, lans]) => [name, { disk: "bare", lans }]);
    const bare = new Bare(await Lab.create(Object.fromEntries(specs)));
    try {
      await bare.lab.must(bare.operator, ["sns", "cluster", "create", "demo"]);
      for (const [name, lans] of Object.entries(hosts)) {
        if (lans.includes("front")) await bare.register(name, "-a", bare.lab.address(name));
      }
      return bare;
    } catch (error) {
      await bare[Symbol.asyncDispose]();
      throw error;
    }
  }

  get operator() {
    return this.lab.operators[0]!;
  }

  get project(): string {
    return join(this.operator.dir, "demo");
  }

  path(...parts: string[]): string {
    return join(this.project, ...parts);
  }

  /** Registers a host, accepting its key by the fingerprint that the host itself tells. */
  async register(name: string, ...args: string[]): Promise<void> {
    const keys = await this.lab.host(name).run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    await this.sns("host", "register", name, `--fingerprint=${keys.split(" ")[1]}`, ...args);
    await this.setEnv(name, { FLAGS: "-oConnectTimeout=5" });
  }

  /** Changes lines of a host.env. */
  async setEnv(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    const file = this.path(name, "host.env");
    let text = await Deno.readTextFile(file);
    for (const [key, value] of Object.entries(values)) {
      text = text.replace(new RegExp(`^${key}=.*$`, "m"), `${key}=${value}`);
    }
    await Deno.writeTextFile(file, text);
  }

  try(...args: string[]): Promise<Ran> {
    return this.lab.try(this.operator, ["sns", ...args], this.project);
  }

  async sns(...args: string[]): Promise<string> {
    return await this.lab.must(this.operator, ["sns", ...args], this.project);
  }

  /** The steps of a setup command that has to end with `code`. */
  async steps(code: number, ...args: string[]): Promise<readonly Step[]> {
    const ran = await this.try("host", "setup", ...args, "--json");
    strictEqual(ran.code, code, `sns host setup ${args.join(" ")}: ${ran.out}${ran.err}`);
    return JSON.parse(ran.out);
  }

  /** Runs a setup that finds nothing to do any more, and one that would look only. */
  async isDone(...args: string[]): Promise<void> {
    for (const more of [[], ["--dry-run"]]) {
      const odd = (await this.steps(0, ...args, ...more)).filter(({ result }) => result !== "ok");
      deepStrictEqual(odd, [], args.join(" "));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

/** What became of each step. */
export const results = (steps: readonly Step[]) =>
  Object.fromEntries(steps.map(({ step, result }) => [step, result]));
