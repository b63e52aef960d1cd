import * as z from "zod";

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

/** Where the certificate comes from; the kinds with nothing to add may be a bare word. */
export const tls = z.preprocess(
  (value) => (typeof value === "string" ? { kind: value } : value),
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("self-signed") }),
    z.strictObject({ kind: z.literal("off") }),
    z.strictObject({ kind: z.literal("own") }),
    acme,
  ]),
);

/** A certificate of an authority that speaks ACME (RFC 8555). */
export type Acme = z.infer<typeof acme>;
