/** The official pod "ingress": its pod.yaml and all its configs. */
import ingressTplAdminConfFragment from "./config/_tpl/admin.conf.fragment" with {
  type: "text",
};
import ingressTplBackendHttpServerConfFragment from "./config/_tpl/backend-http_server.conf.fragment" with {
  type: "text",
};
import ingressTplBackendHttpsServerConfFragment from "./config/_tpl/backend-https_server.conf.fragment" with {
  type: "text",
};
import ingressTplBackendTcpServerConfFragment from "./config/_tpl/backend-tcp_server.conf.fragment" with {
  type: "text",
};
import ingressTplDefaultsEnv from "./config/_tpl/defaults.env" with { type: "text" };
import ingressTplFrontendHttpConfFragment from "./config/_tpl/frontend-http.conf.fragment" with {
  type: "text",
};
import ingressTplFrontendHttpsConfFragment from "./config/_tpl/frontend-https.conf.fragment" with {
  type: "text",
};
import ingressTplFrontendTcpConfFragment from "./config/_tpl/frontend-tcp.conf.fragment" with {
  type: "text",
};
import ingressTplMainConfFragment from "./config/_tpl/main.conf.fragment" with {
  type: "text",
};
import ingressBinFetchSh from "./config/bin/fetch.sh" with { type: "text" };
import ingressBinPlaceSh from "./config/bin/place.sh" with { type: "text" };
import ingressBinReadySh from "./config/bin/ready.sh" with { type: "text" };
import ingressBinServedSh from "./config/bin/served.sh" with { type: "text" };
import ingressBinStartSh from "./config/bin/start.sh" with { type: "text" };
import ingressConfError400Http from "./config/conf/error400.http" with { type: "text" };
import ingressConfError404Http from "./config/conf/error404.http" with { type: "text" };
import ingressConfError408Http from "./config/conf/error408.http" with { type: "text" };
import ingressConfError429Http from "./config/conf/error429.http" with { type: "text" };
import ingressConfError502Http from "./config/conf/error502.http" with { type: "text" };
import ingressConfError503Http from "./config/conf/error503.http" with { type: "text" };
import ingressConfError504Http from "./config/conf/error504.http" with { type: "text" };
import ingressUsercertsKeep from "./config/usercerts/.keep" with { type: "text" };
import ingressPod from "./pod.yaml" with { type: "text" };
import type { OfficialPod } from "../mod.ts";

export const ingress: OfficialPod = {
  name: "ingress",
  podYaml: ingressPod,
  configs: new Map([
    ["_tpl/admin.conf.fragment", ingressTplAdminConfFragment],
    ["_tpl/backend-http_server.conf.fragment", ingressTplBackendHttpServerConfFragment],
    ["_tpl/backend-https_server.conf.fragment", ingressTplBackendHttpsServerConfFragment],
    ["_tpl/backend-tcp_server.conf.fragment", ingressTplBackendTcpServerConfFragment],
    ["_tpl/defaults.env", ingressTplDefaultsEnv],
    ["_tpl/frontend-http.conf.fragment", ingressTplFrontendHttpConfFragment],
    ["_tpl/frontend-https.conf.fragment", ingressTplFrontendHttpsConfFragment],
    ["_tpl/frontend-tcp.conf.fragment", ingressTplFrontendTcpConfFragment],
    ["_tpl/main.conf.fragment", ingressTplMainConfFragment],
    ["bin/fetch.sh", ingressBinFetchSh],
    ["bin/place.sh", ingressBinPlaceSh],
    ["bin/ready.sh", ingressBinReadySh],
    ["bin/served.sh", ingressBinServedSh],
    ["bin/start.sh", ingressBinStartSh],
    ["conf/error400.http", ingressConfError400Http],
    ["conf/error404.http", ingressConfError404Http],
    ["conf/error408.http", ingressConfError408Http],
    ["conf/error429.http", ingressConfError429Http],
    ["conf/error502.http", ingressConfError502Http],
    ["conf/error503.http", ingressConfError503Http],
    ["conf/error504.http", ingressConfError504Http],
    ["usercerts/.keep", ingressUsercertsKeep],
  ]),
};
