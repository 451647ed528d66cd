/** geningress as people use it: a project, releases with ingress, and what comes of them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { configId } from "./ingress/haproxy_cfg.ts";
import { join } from "node:path";
import { exists } from "./testing/exists.ts";
import { TestProject } from "./testing/project.ts";

const CFG = "_config/ingress/conf/haproxy.cfg";
const read = (path: string) => Deno.readTextFile(path);

/** A pod of a program with these ingress rules, as lines of YAML. */
function podWith(rules: readonly string[], version = "1.0.0"): string {
  return `api: 1.0.0
podVersion: ${version}
runtime: executable
executable:
  command: [sleep, "1000"]
  restart: always
  expose:
    - hostPort: \${HOSTPORTAUTO1}
      clusterPort: \${CLUSTERPORTAUTO1}
      ingress:
${rules.map((rule) => `        - ${rule}\n`).join("")}`;
}

/** A project with an ingress pod and the pod web on one host, both compiled. */
async function projectWith(...rules: string[]): Promise<TestProject> {
  const project = await TestProject.create(["h1"]);
  await project.write({ "_pods/web/pod.yaml": podWith(rules) });
  for (const pod of ["ingress", "web"]) {
    await project.ok(`host attach ${pod}@h1`);
    await project.ok(`pod compile ${pod}`);
  }
  return project;
}

const HTTP = "{ protocol: http, domain: example.com, pathBeg: / }";

Deno.test("geningress writes what releases then carry, once", async () => {
  await using project = await projectWith(HTTP);
  const ran = await project.run("cluster geningress");
  strictEqual(ran.code, 0, ran.stderr);
  const cfg = await read(project.path(CFG));
  match(cfg, /use_backend http\.web\.61000 if \{ var\(txn\.host\) -m str example\.com \}/);
  const id = configId(cfg);
  match(id!, /^[0-9a-f]{16}$/);
  match(cfg, new RegExp(`string "${id}\\\\n" if \\{ path /config \\}`));
  match(ran.stderr, new RegExp(`Wrote ${CFG}, config ${id}`));
  match((await project.run("cluster geningress")).stderr, /Nothing to do/);
  await project.ok("pod updateconfig ingress");
  const released = "h1/pods/ingress/release/0.1.0/config/conf";
  strictEqual(await read(project.path(`${released}/haproxy.cfg`)), cfg);
});

Deno.test("no certificate is needed, in a fresh clone neither, and no private key is made", async () => {
  await using project = await projectWith("{ protocol: https, domain: example.com }");
  await project.commit("all");
  await project.git("clone", "-q", ".", "../clone");
  const ran = await project.run("cluster geningress", join(project.base, "clone"));
  strictEqual(ran.code, 0, ran.stderr);
  await project.ok("cluster geningress");
  const cfg = await read(project.path(CFG));
  strictEqual(await read(join(project.base, "clone", CFG)), cfg);
  match(cfg, / ssl strict-sni crt \.\.\/usercerts crt \.\.\/autocerts /);
  const { stdout } = await new Deno.Command("grep", {
    args: ["-rl", "PRIVATE KEY", project.path("_config"), project.path("h1")],
  }).output();
  strictEqual(new TextDecoder().decode(stdout), "");
});

Deno.test("usercerts/default.pem is for all names without a certificate", async () => {
  await using project = await projectWith("{ protocol: https, domain: example.com }");
  const file = project.path("_config/ingress/usercerts/default.pem");
  const { success } = await new Deno.Command("openssl", {
    args: ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
      .concat(["-days", "2", "-subj", "/CN=any", "-keyout", file, "-out", file]),
    stderr: "null",
  }).output();
  ok(success);
  await Deno.chmod(file, 0o644);
  await project.ok("cluster geningress");
  match(await read(project.path(CFG)), / ssl crt \.\.\/usercerts\/default\.pem crt /);
  strictEqual((await Deno.stat(file)).mode! & 0o777, 0o600);
});

Deno.test("--dry-run shows the difference and changes nothing", async () => {
  await using project = await projectWith(HTTP);
  const first = await project.run("cluster geningress --dry-run");
  strictEqual(first.code, 2, first.stderr);
  match(first.stdout, /^--- _config\/ingress\/conf\/haproxy\.cfg\n\+\+\+ .*\n@@ /);
  ok(!await exists(project.path(CFG)));
  await project.ok("cluster geningress");
  strictEqual(await project.ok("cluster geningress --dry-run"), "");
  await project.ok("pod state web -s removed");
  const { code, stdout } = await project.run("cluster geningress --dry-run");
  strictEqual(code, 2);
  match(stdout, /^-.*use_backend http\.web/m);
  match(await read(project.path(CFG)), /use_backend http\.web/);
  const json = JSON.parse((await project.run("cluster geningress --dry-run --json")).stdout);
  deepStrictEqual([json.changed, json.checked, json.file], [true, true, CFG]);
});

Deno.test("a rule that cannot be used is told with pod, version and line, and nothing is written", async () => {
  await using project = await projectWith(HTTP);
  const conf = project.path("h1/pods/web/release/1.0.0/pod.ingress.conf");
  await Deno.writeTextFile(
    conf,
    (await read(conf)).replace(/clusterport \d+/, "clusterport 64000"),
  );
  const said = await project.fails("cluster geningress");
  match(said, /web:1\.0\.0@h1 pod\.ingress\.conf:6: cluster port 64000 is for the cluster alone/);
  ok(!await exists(project.path(CFG)));
});

Deno.test("what HAProxy refuses never reaches the project", async () => {
  await using project = await projectWith(HTTP);
  await project.ok("cluster geningress");
  const before = await read(project.path(CFG));
  await project.write({
    "_config/ingress/_tpl/backend-http_server.conf.fragment": "nonsense here\n",
  });
  match(
    await project.fails("cluster geningress"),
    /HAProxy refuses .*nothing was changed:\nconfig : parsing \[conf\/haproxy\.cfg:\d+\] : unknown keyword 'nonsense'/,
  );
  strictEqual(await read(project.path(CFG)), before);
});

Deno.test("a certificate that cannot be loaded is found before it is shipped", async () => {
  await using project = await projectWith("{ protocol: https, domain: example.com }");
  await project.write({ "_config/ingress/usercerts/bad.pem": "no certificate\n" });
  match(await project.fails("cluster geningress"), /usercerts\/bad\.pem/);
});

Deno.test("templates take their values from cluster-vars.env, wrong ones are named", async () => {
  await using project = await projectWith("{ protocol: https, domain: example.com }");
  await project.write({
    "cluster-vars.env": "ingress_hsts=600\ningress_connRate=\ningress_stats=true\n",
  });
  await project.ok("cluster geningress");
  const cfg = await read(project.path(CFG));
  match(cfg, /max-age=600/);
  ok(!cfg.includes("sc_conn_rate"));
  match(cfg, /prometheus-exporter/);
  await project.write({ "cluster-vars.env": "ingress_connRate=0\n" });
  match(await project.fails("cluster geningress"), /ingress_connRate is "0", but must be a number/);
  await project.write({
    "_config/ingress/_tpl/main.conf.fragment": "global\n  maxconn ${nothing}\n",
  });
  match(
    await project.fails("cluster geningress"),
    /main\.conf\.fragment:2:11: .*nothing has no value/,
  );
  await Deno.remove(project.path("_config/ingress/_tpl"), { recursive: true });
  match(await project.fails("cluster geningress"), /Try: .*sns cluster importconfig ingress/);
});

Deno.test("only running releases on active hosts count, each version from every host that has it", async () => {
  await using project = await TestProject.create(["h1", "h2"]);
  await project.write({ "_pods/web/pod.yaml": podWith([HTTP]) });
  await project.ok("host attach ingress@h1");
  for (const host of ["h1", "h2"]) await project.ok(`host attach web@${host}`);
  await project.ok("pod compile web");
  const uses = async () => {
    await project.ok("cluster geningress");
    return (await read(project.path(CFG))).match(/use_backend \S+/g) ?? [];
  };
  deepStrictEqual(await uses(), ["use_backend http.web.61000"]);
  await Deno.rename(
    project.path("h1/pods/web/release/1.0.0/pod.ingress.conf"),
    project.path("h1/pods/web/release/1.0.0/pod.ingress.conf.inactive"),
  );
  match(
    (await project.run("cluster geningress")).stderr,
    /web:1\.0\.0@h1: its ingress is inactive/,
  );
  deepStrictEqual(await uses(), ["use_backend http.web.61000"], "that of h2 is still there");
  await project.ok("host state h2 -s inactive");
  deepStrictEqual(await uses(), []);
  await project.ok("host state h2 -s active");
  await project.ok("pod state web -s stopped");
  deepStrictEqual(await uses(), []);
  await project.ok("pod state web -s running");
  deepStrictEqual(
    (await project.run("cluster geningress -x 61000")).stderr.match(
      /cluster port 61000 is excluded/g,
    )
      ?.length,
    1,
  );
  match(await project.fails("cluster geningress -x 61000,web"), /"web" is no port/);
  match(
    await project.fails("cluster geningress ingress@h1"),
    /all of the pod have one configuration/,
  );
});

Deno.test("a page that the ingress does not have is found", async () => {
  await using project = await projectWith(
    "{ protocol: http, domain: a.com, errorfile: 503 /mnt/conf/sorry.http }",
  );
  match(
    await project.fails("cluster geningress"),
    /web:1\.0\.0@h1 pod\.ingress\.conf:1: there is no file _config\/ingress\/conf\/sorry\.http/,
  );
  await project.write({
    "_config/ingress/conf/sorry.http": "HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n",
  });
  await project.ok("cluster geningress");
});
