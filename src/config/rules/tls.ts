import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** Complaints between the keys of `tls`, and between `tls` and the domain. */
export const tlsFindings = (raw: unknown): Finding[] => {
  const tls = valueAt(raw, ["tls"]);
  const present = isMapping(tls) ? keys.filter((key) => (tls[key] ?? undefined) !== undefined) : [];
  return [
    ...keyFindings(tls, present),
    ...missingDomain(raw, tls, present),
    ...subdomainFindings(raw, tls),
    ...dnsFindings(raw, ["tls", "letsencrypt", "dns"]),
    ...dnsFindings(raw, ["tls", "acme", "dns"]),
  ];
};

const keys = ["letsencrypt", "acme", "off", "certificate", "key"] as const;
type Key = (typeof keys)[number];

/** One kind of TLS, and a certificate together with its key. */
const keyFindings = (tls: unknown, present: readonly Key[]): Finding[] => {
  if (!isMapping(tls)) return [];
  const kinds = present.filter((key) => key !== "key");
  // An unknown key has its own complaint, and may be the one that is missing.
  if (present.length === 0)
    return Object.keys(tls).length > 0
      ? []
      : [{ path: ["tls"], text: "is empty; write for example tls: self-signed" }];
  const [kind, ...others] = kinds;
  if (others.length > 0)
    return others.map((key) => ({
      path: ["tls", key],
      text: `conflicts with "${kind}": browsers are served in one way; delete one of the two`,
      atKey: true,
    }));
  if (kind === "certificate" && !present.includes("key"))
    return [
      {
        path: ["tls", "certificate"],
        text: "needs a key; write for example key: ./key.pem beside it",
        atKey: true,
      },
    ];
  if (kind !== "certificate" && present.includes("key"))
    return [
      {
        path: ["tls", "key"],
        text: "needs a certificate; write for example certificate: ./chain.pem beside it, or delete the key",
        atKey: true,
      },
    ];
  return [];
};

/** An authority gives certificates for names, and checks that they lead to the class. */
const missingDomain = (raw: unknown, tls: unknown, present: readonly Key[]): Finding[] => {
  const kind =
    tls === "letsencrypt" ? tls : present.find((key) => /^(letsencrypt|acme)$/.test(key));
  if (kind === undefined || (valueAt(raw, ["domain"]) ?? undefined) !== undefined) return [];
  const text = `needs a domain for ${kind}; write for example domain: geo.example.org`;
  return [{ path: ["tls"], text }];
};

/** With subdomains, browsers need HTTPS, and an authority issues a certificate for them only by a DNS record (RFC 8555, 8.4). */
const subdomainFindings = (raw: unknown, tls: unknown): Finding[] => {
  if (valueAt(raw, ["domain", "subdomains"]) !== true) return [];
  const has = (path: Path): boolean => (valueAt(raw, path) ?? undefined) !== undefined;
  const name = valueAt(raw, ["domain", "name"]);
  const wildcard = typeof name === "string" ? `*.${name}` : "all subdomains";
  const off = tls === "off" || tls === false || has(["tls", "off"]);
  if (off && !has(["tls", "off", "trusted-proxies", 0]))
    return [
      {
        path: ["tls"],
        text: "needs trusted-proxies for subdomains, as something in front must serve HTTPS; write for example off: {trusted-proxies: [10.0.0.5]}",
      },
    ];
  const kind = (["letsencrypt", "acme"] as const).find((key) => tls === key || has(["tls", key]));
  if (kind === undefined || has(["tls", kind, "dns"])) return [];
  const mapping =
    kind === "letsencrypt"
      ? "letsencrypt: {email: teacher@example.org, dns: {hook: ./dns-hook}}"
      : "dns: {hook: ./dns-hook} below acme";
  const text = `needs dns for subdomains: an authority issues a certificate for ${wildcard} only by a DNS record; write for example ${mapping}`;
  return [{ path: ["tls"], text }];
};

/** A hook, or a plugin with its credentials. */
const dnsFindings = (raw: unknown, path: Path): Finding[] => {
  const dns = valueAt(raw, path);
  if (!isMapping(dns)) return [];
  const has = (key: string): boolean => (dns[key] ?? undefined) !== undefined;
  if (has("hook") && (has("plugin") || has("credentials")))
    return [
      {
        path: [...path, has("plugin") ? "plugin" : "credentials"],
        text: `conflicts with "hook", which makes the records without it; delete one of the two`,
        atKey: true,
      },
    ];
  if (has("plugin") !== has("credentials"))
    return [
      {
        path,
        text: `has ${has("plugin") ? "a plugin without credentials" : "credentials without a plugin"}; write for example {plugin: rfc2136, credentials: from-file rfc2136.ini}`,
      },
    ];
  if (has("hook") || has("plugin") || Object.keys(dns).some((key) => key !== "propagation"))
    return [];
  return [{ path, text: "needs a hook or a plugin; write for example {hook: ./dns-hook}" }];
};
