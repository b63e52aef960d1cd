import Handlebars from "handlebars";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";

/** What nginx.conf depends on beside the settings. */
export type Surroundings = {
  /** The account that nginx's workers run as; none where the edge itself is not root. */
  user: string | undefined;
  /** nginx >= 1.25.1 has `http2 on`, and warns about the listen flag that older ones need. */
  http2Directive: boolean;
  /** Where the proxy is, as address:port; none where it is unknown. */
  proxyServers: readonly string[];
};

/** nginx.conf for these settings and that kind of certificate; throws where the template asks for a value that does not exist. */
export const nginxConfiguration = (
  template: string,
  settings: EdgeSettings,
  { user, http2Directive, proxyServers }: Surroundings,
  served: EdgeSettings["tls"]["kind"],
): string => {
  const httpsPort = settings.listen.https.replace(/^.*:/, "");
  const names = namesOf(settings);
  return Handlebars.compile(template, { strict: true, noEscape: true })({
    ...settings,
    user: user ?? "",
    http2Directive,
    proxyServers,
    target: proxyServers.length === 0 ? settings.upstream : "swarmhub-proxy",
    tls: settings.tls.kind !== "off",
    // What a person has to trust by hand must not become what a browser insists on.
    strictTransport: names.length > 0 && (served === "acme" || served === "own"),
    names: names.length === 0 ? anyAddress : names.join(" "),
    httpsSuffix: httpsPort === "443" ? "" : `:${httpsPort}`,
  });
};

/** Whether an nginx that says this to `nginx -v` has the directive `http2`. */
export const hasHttp2Directive = (versionText: string): boolean => {
  const [, major = "0", minor = "0", patch = "0"] =
    /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(versionText) ?? [];
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 1_025_001;
};

// A cloud VM does not know its public address, so any address will do; a name would let another site's page read ours
// by pointing its own name here (DNS rebinding). localhost is who comes through an SSH tunnel.
const anyAddress = String.raw`localhost "~^[0-9]{1,3}(\.[0-9]{1,3}){3}$" "~^\[[0-9a-f:.]+\]$"`;
