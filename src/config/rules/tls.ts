import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** What is wrong between the keys of `tls`, and between it and the domain. */
export const tlsFindings = (raw: unknown): Finding[] => {
  const tls = valueAt(raw, ["tls"]);
  const given = isMapping(tls) ? keys.filter((key) => (tls[key] ?? undefined) !== undefined) : [];
  return [
    ...oneWay(tls, given),
    ...domainless(raw, tls, given),
    ...dnsFindings(raw, ["tls", "letsencrypt", "dns"]),
    ...dnsFindings(raw, ["tls", "acme", "dns"]),
  ];
};

const keys = ["letsencrypt", "acme", "off", "certificate", "key"] as const;
type Key = (typeof keys)[number];

const oneWay = (tls: unknown, given: readonly Key[]): Finding[] => {
  if (!isMapping(tls)) return [];
  const ways = given.filter((key) => key !== "key");
  // An unknown key has its own complaint, and may be the one that is missing.
  if (given.length === 0)
    return Object.keys(tls).length > 0
      ? []
      : [{ path: ["tls"], text: `says nothing; write for example tls: self-signed` }];
  if (ways.length > 1)
    return ways.slice(1).map((key) => ({
      path: ["tls", key],
      text: `stands beside ${ways[0]}, but browsers are served in one way; delete one of the two`,
      atKey: true,
    }));
  const [way] = ways;
  if (way === "certificate" && !given.includes("key"))
    return [
      {
        path: ["tls", "certificate"],
        text: "has no key beside it; write for example key: ./key.pem",
        atKey: true,
      },
    ];
  if (way !== "certificate" && given.includes("key"))
    return [
      {
        path: ["tls", "key"],
        text: "belongs to a certificate of your own; write for example certificate: ./chain.pem beside it, or delete it",
        atKey: true,
      },
    ];
  return [];
};

/** An authority gives certificates for names, and has to be shown that they are ours. */
const domainless = (raw: unknown, tls: unknown, given: readonly Key[]): Finding[] => {
  const way = tls === "letsencrypt" ? tls : given.find((key) => /^(letsencrypt|acme)$/.test(key));
  if (way === undefined || (valueAt(raw, ["domain"]) ?? undefined) !== undefined) return [];
  const text =
    "gives certificates for a name only, and there is no domain; write for example domain: geo.example.org";
  return [{ path: ["tls"], text: `${way === "acme" ? "with acme" : "with letsencrypt"} ${text}` }];
};

/** A hook, or a plugin and what it needs. */
const dnsFindings = (raw: unknown, path: Path): Finding[] => {
  const dns = valueAt(raw, path);
  if (!isMapping(dns)) return [];
  const has = (key: string): boolean => (dns[key] ?? undefined) !== undefined;
  if (has("hook") && (has("plugin") || has("credentials")))
    return [
      {
        path: [...path, has("plugin") ? "plugin" : "credentials"],
        text: "stands beside hook, which makes the records by itself; delete one of the two",
        atKey: true,
      },
    ];
  if (has("plugin") !== has("credentials"))
    return [
      {
        path,
        text: `has ${has("plugin") ? "a plugin and no credentials" : "credentials and no plugin"}; write for example {plugin: rfc2136, credentials: from-file rfc2136.ini}`,
      },
    ];
  if (has("hook") || has("plugin") || Object.keys(dns).some((key) => key !== "propagation"))
    return [];
  return [{ path, text: "says not how records are made; write for example {hook: ./dns-hook}" }];
};
