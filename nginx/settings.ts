import { isIP } from "node:net";
import * as z from "zod";

/** What the edge is told: /etc/swarmhub/edge.json, checked and with its defaults filled in; throws with each complaint. */
export const settingsFrom = (json: string): Settings => {
  const read = schema.safeParse(JSON.parse(json));
  if (read.success) return read.data;
  const complaints = read.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the whole"}: ${message}`,
  );
  throw new Error(`the edge's settings are not right:\n  ${complaints.join("\n  ")}`);
};

// What is let through here enters nginx.conf as it is, so each kind of value has no more characters than it needs.
const host = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, "must be a host name")
  .transform((name) => name.toLowerCase());
const folder = z.string().regex(/^(\/[\w.-]+)+$/, "must be an absolute path of plain characters");
const listen = z
  .string()
  .regex(/^((\d+\.){3}\d+:)?\d{1,5}$/, "must be a port or an IPv4 address:port");

const schema = z
  .strictObject({
    /** The one name that is answered to; without it any address is, and no name. */
    domain: host.refine((name) => isIP(name) === 0, "must be a name, not an address").nullable(),
    /** The manager's address, for the certificate. */
    address: z
      .string()
      .refine((address) => isIP(address) !== 0, "must be an IP address")
      .nullable(),
    tls: z.enum(["self-signed", "off"]),
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
        /** nginx.conf, the pid and nginx's temporary files. */
        run: folder.default("/run/swarmhub"),
        /** Template and page, as the image has them. */
        assets: folder.default("/app"),
      })
      .prefault({}),
  })
  .refine(({ domain, address }) => domain !== null || address !== null, {
    message: "one of domain and address must be given",
  });

export type Settings = z.infer<typeof schema>;
