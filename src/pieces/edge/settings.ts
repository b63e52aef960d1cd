import type { Config, DnsConfig, TlsConfig } from "../../config/types.js";

/** settings.json: all that the edge is told. `address` is what browsers type where there is no domain. */
export const edgeSettings = ({ domain, otherNames, tls }: Config, address: string): string =>
  `${JSON.stringify(
    {
      domain: domain ?? null,
      names: otherNames,
      address,
      tls: told(tls),
      trustedProxies: tls.kind === "off" ? tls.trustedProxies : [],
    },
    null,
    2,
  )}\n`;

// Paths stay here: what lies at them is given to the edge as files.
const told = (tls: TlsConfig): Record<string, unknown> =>
  tls.kind === "acme"
    ? {
        kind: tls.kind,
        directory: tls.directory,
        email: tls.email ?? null,
        ca: tls.ca !== undefined,
        eab: tls.eab?.id ?? null,
        dns: recordsBy(tls.dns),
        propagation: tls.dns?.propagation ?? null,
      }
    : { kind: tls.kind };

const recordsBy = (dns: DnsConfig | undefined): Record<string, unknown> | null => {
  if (dns === undefined) return null;
  return dns.kind === "hook" ? { hook: true } : { plugin: dns.plugin };
};
