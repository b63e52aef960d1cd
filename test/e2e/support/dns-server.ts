import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import type { Lab } from "./lab.js";

/** A DNS server that takes updates (RFC 2136) for example.org from clients with its key. */
export type Knot = {
  port: number;
  /** The credentials file for certbot's plugin, with its own secret or another one. */
  credentials: (secret?: string) => string;
  /** The number of updates that it has accepted. */
  updates: () => Promise<number>;
};

/** Starts Knot on the guest. */
export const startKnot = async (lab: Lab, guest: number): Promise<Knot> => {
  const secret = randomBytes(32).toString("base64");
  const port = 5353;
  await lab.on(
    guest,
    "apt-get -q update && apt-get -q install -y --no-install-recommends knot && systemctl stop knot",
  );
  await lab.write(guest, "/etc/knot/knot.conf", configuration(port, secret));
  await lab.write(guest, "/var/lib/knot/example.org.zone", zone);
  await lab.on(guest, "chown -R knot: /etc/knot /var/lib/knot && systemctl start knot");
  const dns = new Resolver();
  dns.setServers([`${lab.reachableAddress(guest)}:${port}`]);
  return {
    port,
    credentials: (other = secret) => `dns_rfc2136_server = ${lab.address(guest)}
dns_rfc2136_port = ${port}
dns_rfc2136_name = class
dns_rfc2136_secret = ${other}
dns_rfc2136_algorithm = HMAC-SHA256
`,
    updates: async () => (await dns.resolveSoa("example.org")).serial - 1,
  };
};

const configuration = (port: number, secret: string): string => `server:
  listen: 0.0.0.0@${port}
log:
  - target: stderr
    any: info
key:
  - id: class
    algorithm: hmac-sha256
    secret: ${secret}
acl:
  - id: class
    key: class
    action: update
zone:
  - domain: example.org
    storage: /var/lib/knot
    file: example.org.zone
    acl: class
    zonefile-sync: -1
    journal-content: none
`;

const zone = `@ 1 SOA ns hostmaster 1 3600 600 86400 1
@ 1 NS ns
ns 1 A 127.0.0.1
`;
