import type { EdgeSettingsFile } from "../../../contracts/edge-settings.js";
import type { Config, DnsConfig, TlsConfig } from "../../config/types.js";

/** The text of settings.json; `address` is what users type in a browser where there is no domain. */
export const edgeSettings = (config: Config, address: string): string =>
  `${JSON.stringify(settingsOf(config, address), null, 2)}\n`;

const settingsOf = (
  { domain, otherNames, subdomains, tls }: Config,
  address: string,
): EdgeSettingsFile => ({
  domain: domain ?? null,
  otherNames,
  // Only where it is set, so that the file of any other class stays as it is.
  ...(subdomains && { subdomains }),
  address,
  tls: tlsOf(tls),
  trustedProxies: tls.kind === "off" ? tls.trustedProxies : [],
});

// Without the paths on the operator's machine: the edge gets copies of those files.
const tlsOf = (tls: TlsConfig): EdgeSettingsFile["tls"] =>
  tls.kind === "acme"
    ? {
        kind: tls.kind,
        directory: tls.directory,
        email: tls.email ?? null,
        ca: tls.ca !== undefined,
        eab: tls.eab?.id ?? null,
        dns: dnsOf(tls.dns),
        propagation: tls.dns?.propagation ?? null,
      }
    : { kind: tls.kind };

const dnsOf = (dns: DnsConfig | undefined): { hook: true } | { plugin: string } | null => {
  if (dns === undefined) return null;
  return dns.kind === "hook" ? { hook: true } : { plugin: dns.plugin };
};
