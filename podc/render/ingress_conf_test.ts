import assert from "node:assert/strict";
import type { ExecutablePod, IngressAction, IngressRule } from "../spec/pod_spec.ts";
import { renderIngressConf } from "./ingress_conf.ts";

const rule = (action: IngressAction, more: Partial<IngressRule> = {}): IngressRule => ({
  protocol: "https",
  bind: 443,
  domain: ["a.com"],
  weight: 101,
  path: [],
  pathBeg: [],
  pathEnd: [],
  action,
  ...more,
});

const pod = (...ingress: IngressRule[]): ExecutablePod => ({
  kind: "executable",
  name: "web",
  version: "1.0.0",
  api: "1.0.0",
  labels: [],
  volumes: [],
  executable: { name: "web", command: ["x"], env: [], restart: "never", expose: [{ ingress }] },
});

Deno.test("renderIngressConf: the reference's example", () => {
  const server = rule({ kind: "server", clusterPort: 2222 }, { pathBeg: ["/", "/static/"] });
  assert.equal(
    renderIngressConf(pod(server)),
    "bind 443\nprotocol https\nhost a.com\nweight 101\npath_beg / /static/\nclusterport 2222\n",
  );
});

Deno.test("renderIngressConf: each action is one line, blocks follow without a gap", () => {
  const actions: IngressAction[] = [
    { kind: "redirectToHttps" },
    { kind: "redirectLocation", url: "https://b.com/x" },
    { kind: "redirectPrefix", url: "https://b.com" },
    { kind: "errorfile", code: 503, path: "/mnt/503.http" },
  ];
  const lines = renderIngressConf(pod(...actions.map((action) => rule(action)))).split("\n");
  assert.deepEqual(lines.filter((_, index) => index % 5 === 4), [
    "redirect_to_https true",
    "redirect_location https://b.com/x",
    "redirect_prefix https://b.com",
    "errorfile 503 /mnt/503.http",
  ]);
  assert.equal(lines.length, 4 * 5 + 1);
});

Deno.test("renderIngressConf: all criteria in their order, host even when empty", () => {
  const all = { domain: [], path: ["/a"], pathBeg: ["/b", "/c"], pathEnd: [".d"] };
  const text = renderIngressConf(pod(rule({ kind: "redirectToHttps" }, all)));
  assert.deepEqual(text.split("\n").slice(2, -2), [
    "host ",
    "weight 101",
    "path /a",
    "path_beg /b /c",
    "path_end .d",
  ]);
});

Deno.test("renderIngressConf: nothing to say is no file", () => {
  assert.equal(renderIngressConf(pod()), "");
});
