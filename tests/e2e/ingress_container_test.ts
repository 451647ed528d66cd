/** The official ingress pod in podman: it serves a web pod, follows a release, and says what it runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { configId } from "../../cli/ingress/haproxy_cfg.ts";
import { ANSWERING_CFG, answeringPod } from "../ingress/answering_pod.ts";
import { makeIngressImage, whyNoIngressImage } from "../ingress/image.ts";
import { makeCertificate } from "../ingress/lab.ts";
import { eventually } from "../shell/pod_folder.ts";
import { LocalCluster } from "./local_cluster.ts";
import { hasPodman } from "./podman.ts";

const ADDRESS = "127.0.72.1";
const PORTS = { http: 18080, https: 18443 } as const;

const why = await hasPodman() ? await whyNoIngressImage() : "no rootless podman here";
if (why) console.warn(`The ingress pod is not run in podman: ${why}`);

Deno.test({
  name: "the ingress pod in podman: served, released through, reloaded and restarted",
  ignore: why !== undefined,
  fn: async (t) => {
    const image = await makeIngressImage();
    await using cluster = await LocalCluster.create("container", {
      hosts: { h1: ADDRESS },
      prepare: async (source) => {
        await Deno.writeTextFile(join(source, "pod.yaml"), answeringPod("1.0.0", PORTS));
        await Deno.writeTextFile(join(source, "config/site/haproxy.cfg"), ANSWERING_CFG);
      },
    });
    const path = (...parts: string[]) => join(cluster.project, ...parts);
    const get = async (protocol: "http" | "https") => {
      const url = `${protocol}://${ADDRESS}:${PORTS[protocol]}/`;
      const { out, err } = await cluster.try(cluster.dir, "curl", "-ksS", "-m", "5", url);
      return out.trim() || err.trim();
    };
    const serves = (text: string) =>
      eventually(
        `the ingress answers ${text}`,
        async () => await get("http") === text && await get("https") === text,
        60_000,
      ).catch(async (error) => {
        throw new Error(`${error}\n${await get("http")}\n${await cluster.report()}`);
      });
    const ingress = (...args: string[]) => {
      const pod = cluster.releaseOf("h1", "ingress", "0.1.0");
      return cluster.must(pod, "./pod", ...args);
    };
    const served = async () =>
      (await ingress("shell", "-c", "haproxy", "--", "sh", "/mnt/bin/served.sh")).trim();
    const written = async () =>
      configId(await Deno.readTextFile(path("_config/ingress/conf/haproxy.cfg")));

    await t.step("made, delivered, and a web pod is reached over HTTP and TLS", async () => {
      const variables = `ingress_image=${image}\ningress_bindAddress=internal\ningress_connRate=\n`;
      await Deno.writeTextFile(path("cluster-vars.env"), variables, { append: true });
      await cluster.sns("host", "attach", "ingress@h1");
      await cluster.commit("Attach");
      // Requests here name no host.
      const { pem } = await makeCertificate(cluster.dir, "web.test");
      await Deno.writeTextFile(path("_config/ingress/usercerts/default.pem"), pem);
      await cluster.sns("pod", "compile", "ingress");
      await cluster.sns("cluster", "geningress");
      await cluster.sns("pod", "updateconfig", "ingress");
      await cluster.commit("Ingress");
      await cluster.sns("cluster", "sync");
      cluster.startDaemon("h1");
      await serves("1.0.0");
      assert.equal(await served(), await written());
    });

    await t.step(
      "a release turns it over to the new version, over HTTP and TLS",
      async () => {
        await Deno.writeTextFile(path("_pods/web/pod.yaml"), answeringPod("1.1.0", PORTS));
        await cluster.commit("1.1.0", path("_pods/web"));
        const before = await served();
        const words = ["sns", "pod", "release", "web", "--drain=5"] as const;
        const { code, err } = await cluster.try(cluster.project, ...words);
        assert.equal(code, 0, err);
        assert.match(err, /switch: let the ingress send its requests to the new version/);
        assert.notEqual(await served(), before);
        assert.equal(await served(), await written());
        assert.equal(await get("http"), "1.1.0");
        assert.equal(await get("https"), "1.1.0");
      },
    );

    await t.step("its settings take effect by a sync; it is ready with them", async () => {
      await Deno.writeTextFile(path("cluster-vars.env"), "ingress_hsts=600\n", { append: true });
      await cluster.sns("cluster", "geningress");
      await cluster.sns("pod", "updateconfig", "ingress");
      await cluster.commit("HSTS");
      await cluster.sns("cluster", "sync");
      await eventually("the new one is served", async () => await served() === await written());
      const args = ["-ksSI", `https://${ADDRESS}:${PORTS.https}/`] as const;
      const head = await cluster.must(cluster.dir, "curl", ...args);
      assert.match(head, /strict-transport-security: max-age=600/);
      await eventually(
        "it is ready",
        async () =>
          (await cluster.try(cluster.project, "sns", "pod", "ps", "ingress", "-r")).out.trim() ===
            "1/1",
        60_000,
      );
    });

    await t.step("restarted, it serves the same", async () => {
      await ingress("rerun");
      await serves("1.1.0");
      assert.equal(await served(), await written());
    });
  },
});
