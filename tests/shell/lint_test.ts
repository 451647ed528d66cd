/** What podc writes passes the shell's linter with nothing switched off. */
import assert from "node:assert/strict";
import { PodFolder, run } from "./pod_folder.ts";

const PODS = {
  "a program": `
api: 1.0.0
podVersion: 1.0.0
runtime: executable
executable:
  command: [sh, -c, "echo '$HOME' \`id\`"]
  env: [{ name: A, value: "it's $5" }]
`,
  "containers": `
api: 1.0.0
podVersion: 1.0.0
volumes:
  - { name: data, type: volume }
  - { name: site, type: config }
  - { name: src, type: host, bind: . }
containers:
  - name: web
    image: localhost/web:1
    command: [sh, -c]
    args: ["echo '$HOME' \`id\`\\nnext \\\\ line"]
    env: [{ name: A, value: "it's $5" }]
    restart: always
    mounts:
      - { volume: data, dest: /data }
      - { volume: site, dest: /site }
      - { volume: src, dest: /src }
    expose: [{ hostPort: 8080, targetPort: 80, hostInterface: 127.0.0.3 }]
  - name: job
    image: localhost/web:1
    network: host
`,
};

for (const [kind, source] of Object.entries(PODS)) {
  Deno.test(`shellcheck has nothing to say about a pod of ${kind}`, async () => {
    await using pod = await PodFolder.compile(source, { configs: { "site/a": "" } });
    const { code, out } = await run("shellcheck", [`${pod.dir}/pod`]);
    assert.equal(code, 0, out);
  });
}
