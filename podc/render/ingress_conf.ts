/** pod.ingress.conf: the public traffic that one pod asks for. */
import { type IngressAction, type IngressRule, type PodSpec, unitsOf } from "../spec/pod_spec.ts";

/** The file's text, a block of `key value` lines for each rule; empty when there is none. */
export function renderIngressConf(pod: PodSpec): string {
  const rules = unitsOf(pod).flatMap((unit) => unit.expose.flatMap((entry) => entry.ingress));
  return rules.flatMap(ruleLines).map((line) => line + "\n").join("");
}

function ruleLines(rule: IngressRule): string[] {
  const paths = [["path", rule.path], ["path_beg", rule.pathBeg], [
    "path_end",
    rule.pathEnd,
  ]] as const;
  return [
    `bind ${rule.bind}`,
    `protocol ${rule.protocol}`,
    `host ${rule.domain.join(" ")}`,
    `weight ${rule.weight}`,
    ...paths.flatMap(([key, list]) => list.length === 0 ? [] : `${key} ${list.join(" ")}`),
    actionLine(rule.action),
  ];
}

function actionLine(action: IngressAction): string {
  switch (action.kind) {
    case "server":
      return `clusterport ${action.clusterPort}`;
    case "redirectToHttps":
      return "redirect_to_https true";
    case "redirectLocation":
      return `redirect_location ${action.url}`;
    case "redirectPrefix":
      return `redirect_prefix ${action.url}`;
    case "errorfile":
      return `errorfile ${action.code} ${action.path}`;
  }
}
