/**
 * Bare machines become a production cluster by the documented commands and the file that is shipped: a jump
 * host, a load balancer with TLS, two workers. All of them reboot at once, and get the next version under load.
 */
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../../proxy/conf/mod.ts";
import { pebbleMissing } from "../../acme/pebble.ts";
import { Asking } from "../../hosts/asking.ts";
import { build, copySources, programFile } from "../../hosts/build.ts";
import { Ca } from "../../hosts/ca.ts";
import { fitIn } from "../../hosts/fit_in.ts";
import { Lab } from "../../hosts/lab.ts";
import { whyNoHosts } from "../../hosts/place.ts";
import { whyNoIngressImage } from "../../ingress/image.ts";
import { eventually } from "../../shell/pod_folder.ts";
import { inOrder } from "../../steps.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const DOMAIN = "www.example.com";
const URL_ = `https://${DOMAIN}/`;
const WORKERS = ["w1", "w2"] as const;
const SERVING = ["lb", ...WORKERS] as const;
const NEXT = "99.0.0";

const why = await whyNoHosts() ?? await whyNoIngressImage() ??
  (pebbleMissing() ? "no pebble here" : undefined);
if (why) console.warn(`No production cluster is made: ${why}`);

const POD = `api: 1.0.0
podVersion: 1.0.0
volumes:
  - name: www
    type: config
containers:
  - name: httpd
    image: docker.io/library/busybox:1.37
    # As the first process of a container, httpd would make each reboot wait until it is killed.
    command: [sh, -c, "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"]
    restart: always
    mounts:
      - volume: www
        dest: /www
    startupProbe:
      cmd: [wget, -q, -O, /dev/null, "http://127.0.0.1:8080/"]
      timeout: 60
    expose:
      - targetPort: 8080
        hostPort: \${HOSTPORTAUTO1}
        clusterPort: \${CLUSTERPORTAUTO1}
        ingress:
          - { protocol: https, domain: ${DOMAIN} }
`;

/** The programs of ours that run on a host, by the build that they are of. */
const RUNNING = `for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$each" 2>/dev/null; done |
  grep -oE 'apps-[0-9a-f]+/simplenetes(d|-proxy)' | sort -u`;

/** A project on the machine of alice, who has nothing but the file with all programs. */
class Production implements AsyncDisposable {
  private constructor(readonly lab: Lab, readonly ca: Ca, readonly root: string) {}

  static async create(): Promise<Production> {
    const back = { lans: ["back"] } as const;
    const both = ["front", "back"] as const;
    const hosts = { door: { disk: "bare", lans: both }, lb: { lans: both }, w1: back, w2: back };
    const lab = await Lab.create(hosts as Parameters<typeof Lab.create>[0], ["alice", "ca"]);
    try {
      const options = { operator: "ca", hosts: ["lb"], name: DOMAIN, at: ["lb"] };
      const ca = await Ca.start(lab, options);
      const root = join(lab.operator("alice").dir, "root.pem");
      await Deno.writeTextFile(root, ca.served.root);
      return new Production(lab, ca, root);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  get alice() {
    return this.lab.operator("alice");
  }

  get project(): string {
    return join(this.alice.dir, "shop");
  }

  /** A shell script of alice in the project. */
  sh(script: string, cwd = this.project): Promise<string> {
    const path = `PATH=${this.alice.dir}/.local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
    return this.lab.must(this.alice, ["env", path, "sh", "-euc", script], cwd);
  }

  /** Builds the sources in `root` and installs them for alice. */
  async install(root: string, version: string): Promise<void> {
    const dist = join(this.alice.dir, `dist-${version}`);
    await build(root, dist);
    await this.sh(`"${join(dist, programFile(version))}" install "$HOME/.local"`, this.alice.dir);
  }

  /** Waits until the page is there, by TLS that is trusted. */
  async served(): Promise<void> {
    const at = `--connect-to ::${this.lab.address("lb")}:`;
    let said = "";
    await eventually("the page", async () => {
      const script = `curl -sS -m 10 --cacert "${this.root}" ${at} ${URL_} 2>&1 || :`;
      said = await this.sh(script);
      return said.trim() === "Hello";
    }, 90_000).catch(async (error) => {
      const ps = await this.lab.try(this.alice, ["sns", "cluster", "ps"], this.project);
      const reports = await Promise.all(this.lab.hosts.map((host) => host.report()));
      throw new Error([error, said, ps.out, ps.err, ...reports].join("\n"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ca[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "bare machines become a production cluster, reboot at once, and are upgraded under load",
  ignore: why !== undefined,
  fn: async (t) => {
    await using made = await Production.create();
    const { lab } = made;
    const back = (name: string) => lab.address(name, "back");
    const step = inOrder(t);

    await step("host setup all, through the jump host", async () => {
      await made.install(ROOT, VERSION);
      await made.sh("sns cluster create shop", made.alice.dir);
      await made.sh(`sns host register door -a ${lab.address("door")} --yes
        sns host setup all door -k ${lab.key} --skip-podman --skip-systemd
        sns host register lb -a ${back("lb")} -r ${back("lb")}:32767 -j door -e 80,443 --yes
        for worker in "w1 ${back("w1")}" "w2 ${back("w2")}"; do
          set -- $worker
          sns host register $1 -a $2 -r $2:32767 -j door --yes
        done
        sns host state door -s disabled`);
      await Promise.all(
        SERVING.map((host) => made.sh(`sns host setup all ${host} -k ${lab.key}`)),
      );
      await fitIn(lab, SERVING, made.alice.dir);
    });

    await step("a site over TLS", async () => {
      await made.sh(`mkdir -p _pods/web/config/www && echo Hello >_pods/web/config/www/index.html
        cat >_pods/web/pod.yaml <<'END'\n${POD}\nEND
        for pod in proxy@lb proxy@w1 proxy@w2 web@w1 web@w2 ingress@lb letsencrypt@lb; do
          sns host attach $pod
        done
        echo ${DOMAIN} >>_config/letsencrypt/certs_list/certs.txt
        echo letsencrypt_directory=${made.ca.served.directory} >>cluster-vars.env
        echo letsencrypt_caFile=/etc/acme-ca.pem >>cluster-vars.env
        git add . && git commit -q -m Attach
        for pod in proxy web ingress letsencrypt; do sns pod compile $pod; done
        sns cluster geningress && sns pod updateconfig ingress
        git add . && git commit -q -m Site
        sns cluster sync`);
      await made.served();
    });

    await step("all machines reboot at once", async () => {
      await Promise.all(lab.hosts.map((host) => host.reboot()));
      await made.served();
      await eventually("all pods", async () => {
        const { pods } = JSON.parse(await made.sh("sns cluster ps --json")) as {
          pods: { live: string; ready: boolean }[];
        };
        return pods.length === 7 && pods.every(({ live, ready }) => live === "running" && ready);
      }, 90_000);
    });

    await step("the next version of all programs, under load", async () => {
      const next = join(made.alice.dir, "next");
      await copySources(ROOT, next, NEXT);
      const before = await lab.host("w1").run(RUNNING);
      await using asking = new Asking(lab, made.alice, URL_, lab.address("lb"), made.root);
      await made.install(next, NEXT);
      match(await made.sh("sns --version"), new RegExp(NEXT));
      for (const host of SERVING) {
        match(await made.sh(`sns host setup install ${host}`), /changed +service/);
      }
      await made.sh(`echo proxy_podVersion=${NEXT} >>cluster-vars.env
        git commit -q -a -m Next
        sns pod release proxy`);
      for (const host of SERVING) {
        await eventually(`the old proxy of ${host} has ended`, async () => {
          const now = (await lab.host(host).run(RUNNING)).split("\n");
          return now.length === 2 && now.every((line) => !before.includes(line));
        }, 60_000);
      }
      const { count, failed, said } = await asking.stop();
      console.log(`${count} requests, ${failed} failed`);
      deepStrictEqual([failed, said], [0, ""]);
      ok(count > 50, `${count} requests`);
      await made.sh("sns cluster doctor");
    });
  },
});
