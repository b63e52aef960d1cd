import { isIP } from "node:net";
import { validate as isCron } from "node-cron";
import * as z from "zod";

/** Reads settings.json and fills in its defaults; throws an Error that lists every fault. */
export const settingsFrom = (json: string): EdgeSettings => {
  const parsed = schema.safeParse(JSON.parse(json));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "(root)"}: ${message}`,
  );
  throw new Error(`the edge's settings.json is invalid:\n  ${faults.join("\n  ")}`);
};

/** The names that the edge answers to, `domain` first; none where it answers to any address. */
export const namesOf = ({ domain, otherNames, subdomains }: EdgeSettings): string[] => [
  ...new Set(
    domain === null ? [] : [domain, ...(subdomains ? [`*.${domain}`] : []), ...otherNames],
  ),
];

// These values are written into nginx.conf unescaped, so each kind allows no more characters than it needs.
const host = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, "must be a host name")
  .transform((name) => name.toLowerCase())
  .refine((name) => isIP(name) === 0, "must be a name, not an address");
const folder = z.string().regex(/^(\/[\w.-]+)+$/, "must be an absolute path of plain characters");
const listen = z
  .string()
  .regex(/^((\d+\.){3}\d+:)?\d{1,5}$/, "must be a port or an IPv4 address:port");
const network = z
  .string()
  .regex(/^(\d+\.){3}\d+(\/(\d|[12]\d|3[0-2]))?$/, "must be an IPv4 address or network (CIDR)")
  .refine(
    (text) => isIP(text.replace(/\/.*/, "")) === 4,
    "must be an IPv4 address or network (CIDR)",
  );

// These values are written into certbot's configuration file, one a line, so none of them may contain a line break.
const word = z.string().regex(/^[\w.+/=~:@-]{1,256}$/, "must be one plain word");

const acme = z.strictObject({
  kind: z.literal("acme"),
  /** The URL of the ACME directory (RFC 8555, 7.1.1). */
  directory: z
    .string()
    .regex(/^https:\/\/[\w.:[\]-]+(\/[\w./~%&=?-]*)?$/, "must be an https:// address"),
  email: z
    .string()
    .regex(/^[\w.+%-]+@[\w.-]+$/, "must be an e-mail address")
    .nullable()
    .default(null),
  /** Whether /certificates/acme/ca.pem is the root certificate that verifies the authority's own HTTPS. */
  ca: z.boolean().default(false),
  /** The key id of the external account; its key is in /certificates/acme/eab-key. */
  eab: word.nullable().default(null),
  /** How DNS-01 records are created; null is HTTP-01. */
  dns: z
    .union([
      z.strictObject({
        plugin: z.string().regex(/^[a-z0-9-]{1,40}$/, "must be the name of a plugin"),
      }),
      z.strictObject({ hook: z.literal(true) }),
    ])
    .nullable()
    .default(null),
  /** Seconds until a new DNS record is visible everywhere. */
  propagation: z.number().int().min(0).max(500).nullable().default(null),
});

/** Where the certificate comes from. */
const tls = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("self-signed") }),
  z.strictObject({ kind: z.literal("off") }),
  z.strictObject({ kind: z.literal("own") }),
  acme,
]);

const schema = z
  .strictObject({
    /** The first name of the class; null: the edge answers to any address, and to no name. */
    domain: host.nullable(),
    /** Further names, also in the certificate. */
    otherNames: z.array(host).default([]),
    /** Whether each user's server has an origin of its own, a name below the domain. */
    subdomains: z.boolean().default(false),
    /** The manager's address, for the self-signed certificate. */
    address: z
      .string()
      .refine((address) => isIP(address) !== 0, "must be an IP address")
      .nullable(),
    tls,
    /** Reverse proxies in front of the edge: only their X-Forwarded-For and X-Forwarded-Proto headers are trusted. */
    trustedProxies: z.array(network).default([]),
    upstream: z
      .string()
      .regex(/^[\w.-]+:\d+$/, "must be name:port")
      .default("proxy:8000"),
    /** Docker's own DNS server, the same address in every container. */
    resolver: z
      .string()
      .regex(/^[\d.]+(:\d+)?$/, "must be an IPv4 address, with or without a port")
      .default("127.0.0.11"),
    /** Where nginx listens: a port, or an address and a port. `health` answers `/swarmhub/health` and nothing else. */
    listen: z
      .strictObject({
        http: listen.default("80"),
        https: listen.default("443"),
        health: listen.default("127.0.0.1:8099"),
      })
      .prefault({}),
    folders: z
      .strictObject({
        certificates: folder.default("/certificates"),
        /** nginx.conf, the served certificate and key, the pid and nginx's temporary files; in memory, so a full disk does not stop nginx. */
        run: folder.default("/dev/shm/swarmhub"),
        /** Template and page, as the image has them. */
        assets: folder.default("/app"),
        secrets: folder.default("/run/secrets"),
        certbot: folder.default("/opt/certbot/bin"),
      })
      .prefault({}),
    /** For tests: when to check the certificate, and the seconds to wait after the first, second, … failure. */
    schedule: z
      .strictObject({
        cron: z.string().refine(isCron, "must be a cron expression").optional(),
        pauses: z.array(z.number().positive().max(86_400)).min(1).default([60, 600, 6000, 86_400]),
      })
      .prefault({}),
  })
  .refine(({ domain, address }) => domain !== null || address !== null, {
    message: "domain or address is required",
  })
  .refine(({ domain, otherNames }) => domain !== null || otherNames.length === 0, {
    path: ["otherNames"],
    message: "must be empty without a domain",
  })
  .refine(({ domain, subdomains }) => domain !== null || !subdomains, {
    path: ["subdomains"],
    message: "must be false without a domain",
  })
  .refine(
    ({ subdomains, tls: source }) => !subdomains || source.kind !== "acme" || source.dns !== null,
    {
      path: ["tls", "dns"],
      message: "is required for subdomains",
    },
  )
  .refine(({ domain, tls: { kind } }) => domain !== null || kind !== "acme", {
    path: ["tls"],
    message: "must not be acme without a domain",
  })
  .refine(({ trustedProxies, tls: { kind } }) => kind === "off" || trustedProxies.length === 0, {
    path: ["trustedProxies"],
    message: "must be empty unless TLS is off",
  });

/** /etc/swarmhub/edge/settings.json as the edge reads it, with every default filled in. */
export type EdgeSettings = z.output<typeof schema>;

/** /etc/swarmhub/edge/settings.json as `swarmhub up` writes it; missing keys have a default. */
export type EdgeSettingsFile = z.input<typeof schema>;

/** A certificate from an authority that speaks ACME (RFC 8555). */
export type Acme = z.infer<typeof acme>;
