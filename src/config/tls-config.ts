import type { SecretSource } from "./secret-source.js";

/** How browsers are served; paths are absolute, and the files are read when the class is inspected. */
export type TlsConfig =
  | { kind: "self-signed" }
  /** A proxy in front of the class does TLS; X-Forwarded-* is trusted only from these addresses (IPv4 or CIDR). */
  | { kind: "off"; trustedProxies: string[] }
  | { kind: "own"; certificate: string; key: string }
  | AcmeConfig;

/** A certificate that an authority issues and renews by ACME. */
export type AcmeConfig = {
  kind: "acme";
  /** The authority's name in messages: "Let's Encrypt". */
  authority: string;
  directory: string;
  email?: string;
  /** A file with the root certificate of the authority's own HTTPS. */
  ca?: string;
  eab?: { id: string; key: SecretSource };
  /** How the record of DNS-01 is made; without it the challenge is HTTP-01, at port 80. */
  dns?: DnsConfig;
};

/** DNS-01: your own DNS server with its credentials, or a script that adds and removes records. */
export type DnsConfig = (
  | { kind: "plugin"; plugin: string; credentials: SecretSource }
  | { kind: "hook"; hook: string }
) & {
  /** Seconds until a new record is visible everywhere. */
  propagation?: number;
};
