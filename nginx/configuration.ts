import Handlebars from "handlebars";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";

/** What nginx.conf depends on besides the settings. */
export type NginxEnvironment = {
  /** The account of nginx's workers; none where the edge itself does not run as root. */
  user: string | undefined;
  /** nginx >= 1.25.1 has `http2 on`, and warns about the listen flag that older ones need. */
  http2Directive: boolean;
  /** The secret that this edge shares with the proxy, a hexadecimal number; empty where it has none. */
  edgeToken: string;
  /** The proxy's addresses, each as address:port; none where they are unknown. */
  proxyServers: readonly string[];
};

/** nginx.conf for these settings and the kind of certificate that is installed; throws where the template uses an unknown value. */
export const nginxConfiguration = (
  template: string,
  settings: EdgeSettings,
  { user, http2Directive, edgeToken, proxyServers }: NginxEnvironment,
  installed: EdgeSettings["tls"]["kind"],
): string => {
  const httpsPort = settings.listen.https.replace(/^.*:/, "");
  const names = namesOf(settings);
  return Handlebars.compile(template, { strict: true, noEscape: true })({
    ...settings,
    user: user ?? "",
    http2Directive,
    edgeToken,
    proxyServers,
    target: proxyServers.length === 0 ? settings.upstream : "swarmhub-proxy",
    tls: settings.tls.kind !== "off",
    // Browsers must not insist on a certificate that a person has to trust by hand.
    strictTransport: names.length > 0 && (installed === "acme" || installed === "own"),
    domainPattern: (settings.domain ?? "").replaceAll(".", String.raw`\.`),
    names: names.length === 0 ? anyAddress : names.join(" "),
    httpsSuffix: httpsPort === "443" ? "" : `:${httpsPort}`,
  });
};

/** Whether the nginx with this output of `nginx -v` has the directive `http2`. */
export const hasHttp2Directive = (versionText: string): boolean => {
  const [, major = "0", minor = "0", patch = "0"] =
    /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(versionText) ?? [];
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 1_025_001;
};

// A cloud VM does not know its public address, so any address is accepted. Names are not: another site could point its own name
// here and then read our pages (DNS rebinding). localhost is for an SSH tunnel.
const anyAddress = String.raw`localhost "~^[0-9]{1,3}(\.[0-9]{1,3}){3}$" "~^\[[0-9a-f:.]+\]$"`;
