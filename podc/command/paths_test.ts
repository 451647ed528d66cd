import assert from "node:assert/strict";
import { pathsOf } from "./paths.ts";

const args = { file: "pod.yaml", outfile: undefined, dir: undefined };

Deno.test("pathsOf: beside the file by default", () => {
  assert.deepEqual(pathsOf(args, "/w"), {
    infile: "/w/pod.yaml",
    envFile: "/w/pod.env",
    preprocessed: "/w/.pod.yaml",
    outfile: "/w/pod",
    portMappings: "/w/pod.portmappings.conf",
    ingress: "/w/pod.ingress.conf",
    configs: "/w/config",
    baseDir: "/w",
  });
});

Deno.test("pathsOf: configs lie beside the outfile, binds beside the infile", () => {
  const paths = pathsOf({ file: "../src/./web.yaml", outfile: "out/web", dir: undefined }, "/w");
  assert.deepEqual(
    [paths.infile, paths.envFile, paths.preprocessed, paths.outfile, paths.configs, paths.baseDir],
    ["/src/web.yaml", "/src/web.env", "/src/.web.yaml", "/w/out/web", "/w/out/config", "/src"],
  );
});

Deno.test("pathsOf: an outfile without a slash and a relative dir begin at the current directory", () => {
  const paths = pathsOf({ file: "/src/pod.yaml", outfile: "web", dir: "sub/.." }, "/w");
  assert.deepEqual([paths.outfile, paths.configs, paths.baseDir], ["/w/web", "/w/config", "/w"]);
});

Deno.test("pathsOf: a file without .yaml", () => {
  const paths = pathsOf({ ...args, file: "spec.yml" }, "/w");
  assert.deepEqual([paths.outfile, paths.envFile], ["/w/spec.yml.out", "/w/spec.yml.env"]);
});
