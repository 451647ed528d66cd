/**
 * From a line in certs.txt to a certificate that a client trusts, by the official pods: the CA's requests come
 * through the ingress of one host and the proxies to the letsencrypt pod of another one, and the certificate
 * goes the way back.
 */
import { match, ok, strictEqual } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { killOne } from "../kill_one.ts";
import { Pebble, pebbleMissing } from "../acme/pebble.ts";
import { makeIngressImage, whyNoIngressImage } from "../ingress/image.ts";
import { freshAddress } from "../loopback/mod.ts";
import { eventually, run } from "../shell/pod_folder.ts";
import { LocalCluster } from "./local_cluster.ts";
import { hasPodman } from "./podman.ts";
import { inOrder } from "../steps.ts";

const HOSTS = { lb: "127.0.74.1", app: "127.0.74.2" } as const;
/** A front of our own and an address where nobody listens. */
const [HELD, NOBODY] = ["127.0.74.3", "127.0.74.4"];
const PORTS = { http: 18080, https: 18443 } as const;
/** `CERTIFICATES_FETCH=20` is what a cluster has without asking. */
const FETCH_S = Number(Deno.env.get("CERTIFICATES_FETCH") ?? 2);
/** Renewed when a third is left, in which the ingress has to fetch it. */
const LIFETIME_S = 45 + 2 * FETCH_S;
const CHALLENGE = "/.well-known/acme-challenge/";

const INGRESS = `      ingress:
        - { protocol: https, bind: ${PORTS.https}, pathBeg: / }
        - { protocol: http, bind: ${PORTS.http}, pathBeg: /, redirectToHttps: true }
`;

const why = !await hasPodman()
  ? "no rootless podman here"
  : pebbleMissing()
  ? "no pebble here"
  : await whyNoIngressImage();
if (why) console.warn(`Certificates are not ordered in a cluster: ${why}`);

/** What the test does with the cluster, by the tools that its users have. */
class Site {
  constructor(readonly cluster: LocalCluster, readonly root: string) {}

  /** Delivers a list of certificates. */
  async list(...lines: string[]): Promise<void> {
    const file = join(this.cluster.project, "_config/letsencrypt/certs_list/certs.txt");
    await Deno.writeTextFile(file, lines.map((line) => `${line}\n`).join(""));
    await this.cluster.sns("pod", "updateconfig", "letsencrypt");
    await this.cluster.commit("Certificates");
    await this.cluster.sns("cluster", "sync");
  }

  get #release(): string {
    return this.cluster.releaseOf("app", "letsencrypt", "0.1.0");
  }

  /** What the letsencrypt pod has said so far. */
  async log(): Promise<string> {
    const { out, err } = await this.cluster.try(this.#release, "./pod", "logs");
    return out + err;
  }

  async logs(pattern: RegExp, times = 1): Promise<void> {
    await this.until(
      `the log has ${pattern} ${times} times`,
      async () => ((await this.log()).match(new RegExp(pattern, "g")) ?? []).length >= times,
    );
  }

  /** Kills the letsencrypt program, so that it can do nothing about it. */
  async kill(): Promise<void> {
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const cwd = await Deno.readLink(`/proc/${name}/cwd`).catch(() => "");
      const words = (await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "")).split("\0");
      if (cwd !== this.#release || !words.some((word) => word.endsWith("program/main.ts"))) {
        continue;
      }
      killOne(Number(name));
      return;
    }
    throw new Error("the letsencrypt program does not run");
  }

  /** The serial number of the certificate that a client of `name` gets and trusts; else what is wrong. */
  async serial(name: string): Promise<string> {
    const { out } = await this.cluster.try(
      this.cluster.dir,
      "sh",
      "-c",
      'openssl s_client -connect "$1" -servername "$2" -verify_hostname "$2" -verify_return_error \\\n' +
        '  -CAfile "$3" </dev/null 2>&1',
      "sh",
      `${HOSTS.lb}:${PORTS.https}`,
      name,
      this.root,
    );
    const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(out)?.[0];
    if (pem === undefined || !/Verify return code: 0 \(ok\)/.test(out)) {
      return /unrecognized name/.test(out) ? "refused" : `not trusted: ${out}`;
    }
    return new X509Certificate(pem).serialNumber;
  }

  /** Waits until clients of `name` trust what they get; gives its serial number. */
  async trusted(name: string): Promise<string> {
    let serial = "";
    await this.until(`${name} is trusted`, async () => {
      serial = await this.serial(name);
      return /^[0-9A-F]+$/.test(serial);
    });
    return serial;
  }

  /** The page that a client gets by https; throws when it does not trust the certificate. */
  page(name: string): Promise<string> {
    const where = ["--connect-to", `::${HOSTS.lb}:`, `https://${name}:${PORTS.https}/`];
    return this.cluster.must(
      this.cluster.dir,
      "curl",
      "-sS",
      "-m",
      "10",
      "--cacert",
      this.root,
      ...where,
    );
  }

  async until(what: string, test: () => Promise<boolean>): Promise<void> {
    try {
      await eventually(what, test, 120_000);
    } catch (error) {
      throw new Error(`${error}\n${await this.log()}\n${await this.cluster.report()}`);
    }
  }
}

/** Delivers the pods, the list empty. */
async function deliver(cluster: LocalCluster, pebble: Pebble): Promise<void> {
  const variables = {
    ingress_image: await makeIngressImage(),
    ingress_bindAddress: "internal",
    ingress_fetchSeconds: FETCH_S,
    letsencrypt_directory: pebble.directory,
    letsencrypt_caFile: pebble.caFile,
    letsencrypt_resolver: pebble.resolver,
    letsencrypt_httpPort: PORTS.http,
    letsencrypt_bind: PORTS.http,
  };
  const text = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join("");
  await Deno.writeTextFile(join(cluster.project, "cluster-vars.env"), text, { append: true });
  await cluster.sns("host", "attach", "ingress@lb");
  await cluster.sns("host", "attach", "letsencrypt@app");
  await cluster.commit("Attach");
  for (const pod of ["ingress", "letsencrypt"]) await cluster.sns("pod", "compile", pod);
  await cluster.sns("cluster", "geningress");
  await cluster.sns("pod", "updateconfig", "ingress");
  await cluster.commit("Ingress");
  await cluster.sns("cluster", "sync");
  for (const host of Object.keys(HOSTS)) cluster.startDaemon(host);
}

/** Removes what outlives the pods: the ingress keeps its certificates. */
async function forgetCertificates(): Promise<void> {
  const volume = `autocerts-ingress-${HOSTS.lb}`;
  const { code, err } = await run("podman", ["volume", "rm", "--force", volume]);
  if (code !== 0 && !/no such volume/.test(err)) throw new Error(err);
}

/** A front for a name that lets everything pass but keeps the CA waiting until it is told to let go. */
function holdingFront(): AsyncDisposable & { asked: () => number; letGo: () => void } {
  const held = Promise.withResolvers<void>();
  let asked = 0;
  const quiet = { hostname: HELD!, port: PORTS.http, onListen: () => {} };
  const server = Deno.serve(quiet, async ({ url }) => {
    const { pathname } = new URL(url);
    if (!pathname.startsWith(`${CHALLENGE}probe-`)) {
      asked++;
      await held.promise;
    }
    return await fetch(`http://${HOSTS.lb}:${PORTS.http}${pathname}`);
  });
  return {
    asked: () => asked,
    letGo: held.resolve,
    [Symbol.asyncDispose]: () => (held.resolve(), server.shutdown()),
  };
}

/** A client that asks without an end, and remembers what it was refused. */
function patientClient(site: Site, name: string): { stop(): Promise<string[]> } {
  const failures: string[] = [];
  let over = false;
  const asking = (async () => {
    while (!over) {
      const at = new Date().toISOString();
      await site.page(name).catch((error) => failures.push(`${at} ${error}`));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    stop: async () => {
      over = true;
      await asking;
      return failures;
    },
  };
}

Deno.test({
  name: "certificates: ordered, served, renewed, also when things go wrong meanwhile",
  ignore: why !== undefined,
  fn: async (t) => {
    const ca = { address: freshAddress(), httpPort: PORTS.http };
    await forgetCertificates();
    await using stack = new AsyncDisposableStack();
    stack.defer(forgetCertificates);
    await using pebble = await Pebble.start({
      ...ca,
      namesAt: HOSTS.lb,
      validitySeconds: LIFETIME_S,
    });
    await using cluster = await LocalCluster.create("program", {
      hosts: HOSTS,
      prepare: async (source) => {
        await Deno.writeTextFile(join(source, "pod.yaml"), INGRESS, { append: true });
      },
    });
    const root = join(cluster.dir, "root.pem");
    await Deno.writeTextFile(root, await pebble.root());
    const site = new Site(cluster, root);
    await using front = holdingFront();
    let first = "";
    await using clients = new AsyncDisposableStack();
    let client: ReturnType<typeof patientClient> | undefined;

    const step = inOrder(t);

    await step("without any certificate https listens, and http redirects", async () => {
      await deliver(cluster, pebble);
      const url = `http://${HOSTS.lb}:${PORTS.http}/`;
      await site.until("http redirects", async () => {
        const { out } = await cluster.try(cluster.dir, "curl", "-sSI", "-m", "5", url);
        return /^HTTP\/1\.1 301/.test(out);
      });
      strictEqual(await site.serial("a.test"), "refused");
    });

    await step(
      "listed, it is served; a name that fails is told, and holds up nobody",
      async () => {
        await pebble.setAddresses("bad.test", [NOBODY!]);
        await site.list("bad.test", "a.test www.a.test");
        const listed = performance.now();
        await site.logs(/Getting a certificate for a\.test/);
        const ordered = performance.now();
        first = await site.trusted("a.test");
        const seconds = (from: number) => ((performance.now() - from) / 1000).toFixed(1);
        console.log(
          `trusted ${seconds(ordered)} s after the order began, ${
            seconds(listed)
          } s after the sync ` +
            `(asked for every ${FETCH_S} s)`,
        );
        ok(performance.now() - listed < 60_000);
        match(await site.page("a.test"), /^web on 127\.0\.74\./);
        strictEqual(await site.trusted("www.a.test"), first);
        client = patientClient(site, "a.test");
        clients.defer(() => client!.stop().then(() => {}));
        await site.logs(
          /No certificate for bad\.test: .*port 18080 there does not answer.*Next try at/,
        );
        strictEqual(await site.serial("bad.test"), "refused");
        await pebble.setAddresses("bad.test", [HOSTS.lb]);
      },
    );

    await step("killed in the middle of an order, the program gets it nevertheless", async () => {
      await pebble.setAddresses("slow.test", [HELD!]);
      await site.list("bad.test", "a.test www.a.test", "slow.test");
      await site.until("the CA asks", () => Promise.resolve(front.asked() > 0));
      const before = front.asked();
      await site.kill();
      await site.until("the CA asks again", () => Promise.resolve(front.asked() > before));
      await site.logs(/Getting a certificate for slow\.test/, 2);
      front.letGo();
      await site.trusted("slow.test");
    });

    await step("mended, the name that failed gets its certificate by itself", async () => {
      await site.trusted("bad.test");
      const tries = (await site.log()).match(/Getting a certificate for bad\.test/g)!.length;
      ok(tries >= 2 && tries <= 5, `${tries} tries`);
    });

    await step("renewed, with no client that did not trust it meanwhile", async () => {
      await site.until("there is another one", async () => {
        const serial = await site.trusted("a.test");
        return serial !== first;
      });
      const failures = await client!.stop();
      strictEqual(failures.join("\n"), "");
    });

    await step("what is listed no more is served no more", async () => {
      await site.list("a.test www.a.test");
      await site.until("it is refused", async () => await site.serial("bad.test") === "refused");
      await site.trusted("www.a.test");
      const pod = cluster.releaseOf("lb", "ingress", "0.1.0");
      const ls = ["shell", "-c", "haproxy", "--", "ls", "/mnt/autocerts"];
      strictEqual((await cluster.must(pod, "./pod", ...ls)).trim().split("\n").length, 1);
    });
  },
});
