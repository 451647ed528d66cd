import assert from "node:assert/strict";
import { assertErrors, containerOf, containerPod, messagesOf } from "./validate_testing.ts";

const withRule = (rule: string) =>
  containerPod(
    `expose: [{hostPort: 8080, targetPort: 80, clusterPort: 2000, ingress: [{${rule}}]}]`,
  );
const ruleOf = (rule: string) => containerOf(withRule(rule)).expose[0]!.ingress[0]!;

Deno.test("ingress: defaults by protocol", () => {
  const base = { weight: 100, path: [], pathBeg: [], pathEnd: [] };
  const action = { kind: "server", clusterPort: 2000 };
  assert.deepEqual(ruleOf("protocol: http, domain: a.com"), {
    ...base,
    protocol: "http",
    bind: 80,
    domain: ["a.com"],
    action,
  });
  assert.equal(ruleOf("protocol: https, path: /x").bind, 443);
  assert.deepEqual(ruleOf("protocol: tcp, bind: 25").domain, []);
});

Deno.test("ingress: lists are words or YAML lists", () => {
  const words = ruleOf('protocol: http, domain: " a.com  *.b.com ", pathBeg: [/a, "/b /c"]');
  assert.deepEqual([words.domain, words.pathBeg], [["a.com", "*.b.com"], ["/a", "/b", "/c"]]);
});

Deno.test("ingress: every action, none of which needs ports or paths", () => {
  const actions = [
    ["redirectToHttps: true", { kind: "redirectToHttps" }],
    ["redirectLocation: https://b.com", { kind: "redirectLocation", url: "https://b.com" }],
    ["redirectPrefix: https://b.com", { kind: "redirectPrefix", url: "https://b.com" }],
    ["errorfile: 503 /mnt/503", { kind: "errorfile", code: 503, path: "/mnt/503" }],
  ] as const;
  for (const [text, action] of actions) {
    const output = containerPod(`expose: [{ingress: [{protocol: http, ${text}}]}]`);
    assert.deepEqual(containerOf(output).expose[0], {
      ingress: [{ ...ruleOf("protocol: http, domain: x"), domain: [], action }],
    });
  }
  assert.equal(
    ruleOf("protocol: http, domain: a, redirectToHttps: false").action.kind,
    "server",
  );
});

Deno.test("ingress: what is wrong", () => {
  assertErrors(withRule, [
    ["domain: a.com", /has no protocol/],
    ["protocol: udp", /protocol is "udp"/],
    ["protocol: http", /neither a domain nor a path/],
    ["protocol: tcp", /has no bind/],
    ["protocol: tcp, bind: 0", /bind is "0"/],
    ["protocol: tcp, bind: 25, path: /", /path is for http and https/],
    ["protocol: tcp, bind: 25, redirectToHttps: true", /redirectToHttps is for http/],
    ["protocol: https, redirectToHttps: true", /never ends/],
    ["protocol: http, path: /a, pathBeg: /b", /pathBeg cannot stand beside path/],
    ["protocol: http, path: /a, pathEnd: .b", /pathEnd cannot stand beside path/],
    ["protocol: http, redirectToHttps: true, errorfile: 503 /x", /one action only/],
    ["protocol: http, redirectLocation: a b", /URL without blanks/],
    ["protocol: http, errorfile: /x", /status code and a file/],
    ["protocol: http, errorfile: 503", /status code and a file/],
    ["protocol: http, domain: 'a.com:80'", /domain has "a.com:80"/],
    ["protocol: http, domain: 'a*.com'", /domain has/],
    ["protocol: http, domain: ", /domain has no value/],
    ["protocol: http, domain: a, weight: -1", /weight is "-1"/],
    ["protocol: http, domain: a, redirectToHttps: yes", /true or false/],
  ]);
});

Deno.test("ingress: a rule to the pod needs its ports", () => {
  const pod = (ports: string) =>
    containerPod(`expose: [{${ports}ingress: [{protocol: http, domain: a}]}]`);
  assertErrors(pod, [
    ["", /no hostPort and no clusterPort/],
    ["hostPort: 8080, targetPort: 80, ", /no clusterPort/],
  ]);
});

Deno.test("ingress: what can never be reached is worth a warning", () => {
  const relative = withRule("protocol: http, path: x");
  assert.match(messagesOf(relative, "warning")[0]!, /never matches/);
  const internal = containerPod(
    "expose: [{hostPort: 8080, targetPort: 80, clusterPort: 64000, ingress: [{protocol: http, domain: a}]}]",
  );
  assert.match(messagesOf(internal, "warning")[0]!, /never made public/);
});
