import { isIP } from "node:net";
import { validate as isCron } from "node-cron";
import * as z from "zod";

/** Reads settings.json and fills in its defaults; throws an Error with everything that is wrong. */
export const settingsFrom = (json: string): EdgeSettings => {
  const read = schema.safeParse(JSON.parse(json));
  if (read.success) return read.data;
  const complaints = read.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the whole"}: ${message}`,
  );
  throw new Error(`the edge's settings are not right:\n  ${complaints.join("\n  ")}`);
};

/** The names that the edge answers to, `domain` first; none where it answers to any address. */
export const namesOf = ({ domain, otherNames }: EdgeSettings): string[] => [
  ...new Set(domain === null ? [] : [domain, ...otherNames]),
];

// What is let through here enters nginx.conf as it is, so each kind of value has no more characters than it needs.
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
  .regex(/^(\d+\.){3}\d+(\/(\d|[12]\d|3[0-2]))?$/, "must be an IPv4 address, or one/bits")
  .refine((text) => isIP(text.replace(/\/.*/, "")) === 4, "must be an IPv4 address, or one/bits");

// These values enter certbot's configuration file, a line each, so none of them has a character that could end one.
const word = z.string().regex(/^[\w.+/=~:@-]{1,256}$/, "must be one plain word");

const acme = z.strictObject({
  kind: z.literal("acme"),
  /** Where the authority's addresses are listed (RFC 8555, 7.1.1). */
  directory: z
    .string()
    .regex(/^https:\/\/[\w.:[\]-]+(\/[\w./~%&=?-]*)?$/, "must be an https:// address"),
  email: z
    .string()
    .regex(/^[\w.+%-]+@[\w.-]+$/, "must be an e-mail address")
    .nullable()
    .default(null),
  /** Whether /certificates/acme/ca.pem is the root to check the authority by. */
  ca: z.boolean().default(false),
  /** The id of the key in /certificates/acme/eab-key. */
  eab: word.nullable().default(null),
  /** How names are proven where nobody can reach us from outside; null is HTTP. */
  dns: z
    .union([
      z.strictObject({
        plugin: z.string().regex(/^[a-z0-9-]{1,40}$/, "must be the name of a plugin"),
      }),
      z.strictObject({ hook: z.literal(true) }),
    ])
    .nullable()
    .default(null),
  /** The seconds that a change in the DNS takes to be seen everywhere. */
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
    /** The name that is answered to; without it any address is, and no name. */
    domain: host.nullable(),
    /** Further names, for the certificate as well. */
    otherNames: z.array(host).default([]),
    /** The manager's address, for the certificate. */
    address: z
      .string()
      .refine((address) => isIP(address) !== 0, "must be an IP address")
      .nullable(),
    tls,
    /** Whose word on who asks, and whether over TLS, is believed: what ends TLS in front of us. */
    trustedProxies: z.array(network).default([]),
    upstream: z
      .string()
      .regex(/^[\w.-]+:\d+$/, "must be name:port")
      .default("proxy:8000"),
    /** Docker's own DNS server, the same address in every container. */
    resolver: z
      .string()
      .regex(/^[\d.]+(:\d+)?$/, "must be an IPv4 address, with a port or without")
      .default("127.0.0.11"),
    /** Where nginx listens: a port, or an address and a port. The last answers `/swarmhub/health` and nothing else. */
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
        /** nginx.conf, the pair that is served, the pid and nginx's temporary files: memory, so that a full disk stops nobody. */
        run: folder.default("/dev/shm/swarmhub"),
        /** Template and page, as the image has them. */
        assets: folder.default("/app"),
        certbot: folder.default("/opt/certbot/bin"),
      })
      .prefault({}),
    /** For tests: when to look at the certificate, and the seconds to wait after each failure. */
    schedule: z
      .strictObject({
        cron: z.string().refine(isCron, "must be a cron expression").optional(),
        pauses: z.array(z.number().positive().max(86_400)).min(1).default([60, 600, 6000, 86_400]),
      })
      .prefault({}),
  })
  .refine(({ domain, address }) => domain !== null || address !== null, {
    message: "one of domain and address must be given",
  })
  .refine(({ domain, otherNames }) => domain !== null || otherNames.length === 0, {
    path: ["otherNames"],
    message: "must be empty without a domain",
  })
  .refine(({ domain, tls: { kind } }) => domain !== null || kind !== "acme", {
    path: ["tls"],
    message: "must be another kind than acme without a domain",
  })
  .refine(({ trustedProxies, tls: { kind } }) => kind === "off" || trustedProxies.length === 0, {
    path: ["trustedProxies"],
    message: "must be empty unless TLS is off",
  });

/** /etc/swarmhub/edge/settings.json as the edge reads it, every default filled in. */
export type EdgeSettings = z.output<typeof schema>;

/** /etc/swarmhub/edge/settings.json as `swarmhub up` writes it: what it leaves out has a default. */
export type EdgeSettingsFile = z.input<typeof schema>;

/** A certificate of an authority that speaks ACME (RFC 8555). */
export type Acme = z.infer<typeof acme>;
